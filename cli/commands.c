#include "command.h"

extern const struct command command_compare, command_cv, command_data_check,
    command_data_convert, command_data_info, command_data_preview, command_doctor,
    command_explain, command_explore, command_help, command_inspect, command_models, command_predict,
    command_report, command_reproduce, command_runs, command_runs_delete, command_runs_diff,
    command_runs_export, command_runs_show, command_similar, command_summary, command_train,
    command_tune, command_val, command_verify;

/* In the order of --help. */
const struct command *const commands[] = {
    &command_explain,
    &command_explore,
    &command_similar,
    &command_inspect,
    &command_compare,
    &command_reproduce,
    &command_train,
    &command_cv,
    &command_tune,
    &command_report,
    &command_val,
    &command_predict,
    &command_verify,
    &command_runs,
    &command_runs_show,
    &command_runs_diff,
    &command_runs_delete,
    &command_runs_export,
    &command_data_info,
    &command_data_check,
    &command_data_convert,
    &command_data_preview,
    &command_models,
    &command_summary,
    &command_doctor,
    &command_help,
    NULL,
};
