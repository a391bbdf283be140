/* weft report: the page of a folder that compare, cv, tune or train left, made anew. */
#include <string.h>

#include "command.h"
#include "output.h"

static weft_status run(struct call *call)
{
    const char *folder = call->arguments[0];
    size_t length = strlen(folder);
    const char *name = length && folder[length - 1] == '/' ? "report.html" : "/report.html";
    WEFT_TRY(weft_report_folder(folder));
    if (call->json)
        return output_json(json_pack("{s:s+}", "report", folder, name));
    printf("%s%s\n", folder, name);
    return WEFT_OK;
}

const struct command command_report = {
    .name = "report",
    .summary = "make the HTML page of a folder of results",
    .arguments = "FOLDER",
    .min_arguments = 1,
    .max_arguments = 1,
    .details =
        "FOLDER is what compare, cv, tune or train left; its plain files become "
        "FOLDER/report.html, one file that opens offline. A comparison's pictures are kept "
        "from the report that is there.",
    .example = "weft report runs/knn",
    .json = true,
    .run = run,
};
