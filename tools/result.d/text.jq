# text.jq: for a terminal.
include "text_report";

.[] | report
