# autolab.jq: what Autolab shows the student, and last the line with the scores: a
# problem for each exercise, "07-pipes/ex1_pipeline"; without the lab's name if there
# is only one lab.
include "common";
include "text_report";

.[] | report, ({scores: ((.exercises | map(.exercise | split("/")[0]) | unique | length == 1) as $one
    | [.exercises[] | {key: (if $one then .exercise | split("/")[1] else .exercise end), value: .points}] | from_entries)}
    | tojson)
