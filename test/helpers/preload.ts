/** Preloaded into every test file and into the runner (`node --import …`, package.json). */
import './compile-cache.ts';
import './leftover-handles.ts';
