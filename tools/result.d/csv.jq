# csv.jq: a line for each submission: per cent of each lab, and the score.
include "common";

(map(labs | keys) | add | unique) as $labs
| (["submission"] + $labs + ["points", "of", "score", "late", "error"] | @csv),
  (sort_by(.submission)[] | labs as $got
    | [.submission] + [$labs[] | $got[.] // 0] + [.points, .of, (.score | number), .late.off, .error] | @csv)
