# canvas.jq: a file for the import of Canvas's gradebook. The submission's name is
# the student's login; the second line says of how many points each column is.
include "common";

(map(labs | keys) | add | unique) as $labs
| (["Student", "ID", "SIS User ID", "SIS Login ID", "Section"] + $labs + ["Score"] | @csv),
  (["    Points Possible", "", "", "", ""] + [$labs[] | 100] + [100] | @csv),
  (sort_by(.submission)[] | labs as $got
    | [.submission, "", "", .submission, ""] + [$labs[] | $got[.] // 0] + [.score | number] | @csv)
