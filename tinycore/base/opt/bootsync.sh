#!/bin/sh
# Runs when the machine is ready, and is waited for. An image that is built on the base replaces this file.
/opt/bootlocal.sh &
