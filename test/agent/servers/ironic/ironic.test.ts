/** The agent's side of Ironic. One process for all cases: to load the agent takes longer than any of them. */
import './by-hand.cases.ts';
import './certificate.cases.ts';
import './commands.cases.ts';
import './conversation.cases.ts';
import './hostile.cases.ts';
import './inspection.cases.ts';
import './inventory.cases.ts';
import './kernel.cases.ts';
import './steps.cases.ts';
