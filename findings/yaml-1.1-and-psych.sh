#!/usr/bin/env bash
# yaml 2.9.1 (npm) against Psych (ruby 3.1): texts that `version: '1.1'` leaves bare are a number and a symbol to Ruby.
#
# YAML 1.1 has more bare forms than 1.2, and yaml's option version '1.1' quotes those of the 1.1 schema (yes, 1:30, 0o17).
# Expected: what stringify(texts, { version: '1.1' }) writes is read by Psych, a YAML 1.1 reader, as the same texts.
# Seen:     "1,5,9" comes back as the Integer 159 (Psych takes commas in numbers), "::1" and ":x" as Symbols. Quote every text that
#           does not begin with a letter, or write JSON's strings.
#
# Needs ruby. Exits 0 while it behaves so, 1 when it changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-save --no-audit --no-fund --prefix "$dir" yaml@2.9.1 >/dev/null
node -e 'process.stdout.write(require("yaml").stringify(["1,5,9", "::1", ":x", "yes", "1:30"], { version: "1.1" }))' >texts.yaml
cat texts.yaml
seen=$(ruby -ryaml -e 'print YAML.unsafe_load(File.read("texts.yaml")).map { |v| "#{v.class} #{v}" }.join("; ")')
echo "$seen"
[ "$seen" = 'Integer 159; Symbol :1; Symbol x; String yes; String 1:30' ]
