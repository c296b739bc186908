# moodle.jq: a file for the import of Moodle's gradebook: "username" is mapped to
# the user, each other column to a grade item of 100 points.
include "common";

(map(labs | keys) | add | unique) as $labs
| (["username"] + $labs + ["score", "score (feedback)"] | @csv),
  (sort_by(.submission)[] | labs as $got
    | [.submission] + [$labs[] | $got[.] // 0] + [(.score | number), ([notes] | join("; "))] | @csv)
