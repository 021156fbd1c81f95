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

function readJson(file) {
  return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
}

/** Whether what is installed is what the lockfile asks for; a checkout gives the lockfile a new time without a change. */
function sameVersions() {
  try {
    var wanted = readJson('package-lock.json').packages;
    var installed = readJson('node_modules/.package-lock.json').packages;
    return Object.keys(wanted).every(function (name) {
      if (name === '' || (wanted[name].optional && !installed[name])) return true;
      return installed[name] && installed[name].version === wanted[name].version;
    });
  } catch (error) {
    void error;
    return false;
  }
}

/** Why an install is needed, or undefined. */
function reason() {
  var marker = mtime('node_modules/.package-lock.json');
  if (marker === 0) return 'the dependencies are not installed, or an install was interrupted';
  if (marker < mtime('package-lock.json') && !sameVersions())
    return 'package-lock.json asks for other versions than are installed';
  var name = 'node-linux-' + process.arch;
  var wanted = readJson('package.json').optionalDependencies[name];
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

/** MiB that are installed so far; empty where du is not there. */
function installed() {
  var du = childProcess.spawnSync('du', ['-sm', path.join(root, 'node_modules')], { encoding: 'utf8' });
  var size = parseInt(du.stdout, 10);
  return size > 0 ? ', ' + size + ' of about ' + MEGABYTES + ' MB' : '';
}

function install() {
  var npm = process.env.npm_execpath;
  var args = ['ci', '--loglevel=error', '--no-audit', '--no-fund'];
  var script = npm && /\.[cm]?js$/.test(npm);
  var program = script ? process.env.npm_node_execpath || process.execPath : 'npm';
  var began = Date.now();
  return new Promise(function (resolve) {
    var child = childProcess.spawn(program, script ? [npm].concat(args) : args, { cwd: root, stdio: ['ignore', 2, 2] });
    var ticker = setInterval(function () {
      console.error('razor-mk: installing … ' + Math.round((Date.now() - began) / 1000) + ' s' + installed());
    }, 5000);
    child.on('error', function (error) {
      fail('npm could not be started: ' + error.message);
    });
    child.on('exit', function (status) {
      clearInterval(ticker);
      if (status !== 0)
        fail('npm ci failed (see above). Check the network and npm’s registry setting, then run the command again.');
      resolve();
    });
  });
}

/** What node_modules holds in the end. */
var MEGABYTES = 341;

var why = reason();
if (why)
  console.error(
    'razor-mk: ' + why + '; npm ci installs ' + MEGABYTES + ' MB into node_modules, which takes about a minute …',
  );
module.exports = why ? install() : Promise.resolve();
