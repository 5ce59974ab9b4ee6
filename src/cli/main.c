/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/command.h"

int main(int argc, char **argv)
{
    return command_main(argc, argv);
}
