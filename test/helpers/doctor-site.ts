/** The provisioning server of test/soak/doctor.soak.ts, a process of its own. Arguments: its mood, and where certificates lie. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { join } from 'node:path';

const [mood = 'good', dir = ''] = process.argv.slice(2);
const answer: RequestListener = (request, response) => {
  // a site that lives in 2041: its certificates begin in 2040
  if (mood === 'later') response.setHeader('date', 'Sun, 06 Jan 2041 10:00:00 GMT');
  if (mood === '500') return void response.writeHead(500).end('<h1>Internal Server Error</h1>');
  if (mood === 'html' || request.url === '/') return void response.end('<h1>It works!</h1>');
  const command = { command_name: 'register', command_param: {} };
  const body = mood === 'errcode' ? { errcode: 1, result: 'No database' } : { errcode: 0, response: command };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
};
const cert = mood === 'later' ? 'later' : 'now';
const keys = { key: readFileSync(join(dir, `${cert}.key`)), cert: readFileSync(join(dir, `${cert}.pem`)) };
createServer(answer).listen(8026, '10.77.0.1');
createSecure(keys, answer).listen(8443, '10.77.0.1', () => process.stdout.write('listening\n'));
