'use strict';
/*
 * Runs before `npm start` and `npm test`, on whatever Node the machine has: installs what is missing or half
 * installed, so that each of the two commands works alone on a fresh clone. Plain old JavaScript on purpose.
 */
var fs = require('fs');
var path = require('path');
var childProcess = require('child_process');

var root = path.join(__dirname, '..');

function fail(message) {
  console.error('razor-mk: ' + message);
  process.exit(1);
}

function isGlibc() {
  if (!process.report || !process.report.getReport) return true;
  if (process.report.excludeNetwork !== undefined) process.report.excludeNetwork = true;
  var report = process.report.getReport();
  if (typeof report === 'string') report = JSON.parse(report);
  return Boolean(report.header.glibcVersionRuntime);
}

function mtime(file) {
  try {
    return fs.statSync(path.join(root, file)).mtimeMs;
  } catch (error) {
    void error;
    return 0;
  }
}

/** Why an install is needed, or undefined. */
function reason() {
  var marker = mtime('node_modules/.package-lock.json');
  if (marker === 0) return 'the dependencies are not installed, or an install was interrupted';
  if (marker < mtime('package-lock.json')) return 'package-lock.json is newer than what is installed';
  var name = 'node-linux-' + process.arch;
  var wanted = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).optionalDependencies[name];
  var result = childProcess.spawnSync(path.join(root, 'node_modules', '.bin', 'node'), ['--version'], {
    encoding: 'utf8',
  });
  if (result.status !== 0 || result.stdout.trim() !== 'v' + wanted) return 'the pinned Node ' + wanted + ' is missing';
  return undefined;
}

if (process.platform !== 'linux')
  fail(
    'this project runs on Linux with glibc; this is ' + process.platform + '. Use a Linux machine, VM or container.',
  );
if (process.arch !== 'x64' && process.arch !== 'arm64')
  fail('this project runs on x86_64 and arm64; this is ' + process.arch + '.');
if (!isGlibc())
  fail(
    'this project needs a Linux with glibc (Debian, Ubuntu, Fedora …); this one has another C library (Alpine’s musl?).',
  );

var why = reason();
if (why) {
  console.error('razor-mk: ' + why + '; running npm ci …');
  var npm = process.env.npm_execpath;
  var args = ['ci', '--loglevel=error', '--no-audit', '--no-fund'];
  var result =
    npm && /\.[cm]?js$/.test(npm)
      ? childProcess.spawnSync(process.env.npm_node_execpath || process.execPath, [npm].concat(args), {
          cwd: root,
          stdio: ['ignore', 2, 2],
        })
      : childProcess.spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0)
    fail('npm ci failed (see above). Check the network and npm’s registry setting, then run the command again.');
}
