#!/usr/bin/env node
'use strict';
/*
 * razor-mk from a clone: any Node, any directory. Starts the clone's own Node on the program; what is not installed yet is
 * installed first. Plain old JavaScript on purpose.
 */
var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var root = path.join(fs.realpathSync(__dirname), '..');
var node = path.join(root, 'node_modules', '.bin', 'node');

/*
 * npx gives a signal to the shell that it starts, which does not pass it on: the program would run on behind it, and a lab keep its
 * ports. So under npx the end of that shell ends the program. Elsewhere a parent that ends means nothing (nohup, a shell's &).
 */
function endWithNpx(child) {
  if (process.env.npm_command !== 'exec') return;
  var parent = process.ppid;
  setInterval(function () {
    if (process.ppid === parent) return;
    parent = process.ppid;
    child.kill('SIGTERM');
  }, 500).unref();
}

function start() {
  var child = childProcess.spawn(node, [path.join(root, 'agent', 'main.ts')].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    // by a link of this name the program speaks Facter's command line
    argv0: path.basename(process.argv[1]) === 'facter' ? 'facter' : node,
  });
  // the terminal gives its signals to both; others are passed on, and the child decides when it ends
  process.on('SIGINT', function () {});
  ['SIGTERM', 'SIGHUP'].forEach(function (name) {
    process.on(name, function () {
      child.kill(name);
    });
  });
  endWithNpx(child);
  child.on('error', function (error) {
    console.error('razor-mk: cannot start ' + node + ': ' + error.message);
    process.exit(70);
  });
  child.on('exit', function (status, signal) {
    process.exit(signal ? 128 + 15 : status);
  });
}

if (fs.existsSync(node)) start();
else require('../scripts/ensure-installed.cjs').then(start);
