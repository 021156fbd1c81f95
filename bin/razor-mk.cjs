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

function start() {
  var child = childProcess.spawn(node, [path.join(root, 'agent', 'main.ts')].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  // the terminal gives its signals to both; others are passed on, and the child decides when it ends
  process.on('SIGINT', function () {});
  ['SIGTERM', 'SIGHUP'].forEach(function (name) {
    process.on(name, function () {
      child.kill(name);
    });
  });
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
