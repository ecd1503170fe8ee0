#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man.sh PROGRAM VERSION: a man page made from PROGRAM --help.
cat <<TROFF
.TH ZKGKR 1 "" "zkgkr $2" "User Commands"
.SH NAME
zkgkr \- prove and verify neural network inference
.SH DESCRIPTION
.nf
TROFF
"$1" --help | sed 's/\\/\\\\/g; s/-/\\-/g; s/^\./\\\&./' || exit 1
cat <<TROFF
.fi
.PP
.B zkgkr COMMAND \-\-help
describes a command.
TROFF
