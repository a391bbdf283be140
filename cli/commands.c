#include "command.h"

extern const struct command command_doctor, command_help;

const struct command *const commands[] = {
    &command_doctor,
    &command_help,
    NULL,
};
