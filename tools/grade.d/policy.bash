# policy.bash: an instructor's file of weights and of what is taken off for being
# late. Sourced by tools/grade. A line each:
#
#   weight 07-pipes 2            counts twice in the score; 1 if not said, 0: not at all
#   due 2026-11-30 23:59         when it must be in, as date(1) reads it
#   grace 15                     so many minutes after that aren't late yet
#   late 24 10                   for each 24 hours begun after that, 10 per cent off
#   most 50                      never more off than that; 100 if not said
# shellcheck disable=SC2034,SC2154  # tools/grade uses what is set here

# read_policy FILE SUBMITTED: sets weights, a JSON object, late_hours and late_off.
read_policy() {
    local word rest due='' grace=0 every=24 off=0 most=100 late times
    weights='{}' late_hours=0 late_off=0
    while read -r word rest; do
        case $word in
        '' | '#'*) continue ;;
        weight) [[ $rest =~ ^([0-9]{2}-[a-z0-9-]+)\ +([0-9]+(\.[0-9]+)?)$ ]] && [[ -d labs/${BASH_REMATCH[1]} ]] &&
            weights=$(jq -c --arg lab "${BASH_REMATCH[1]}" --argjson n "${BASH_REMATCH[2]}" '.[$lab] = $n' <<<"$weights") ;;
        due) due=$(date -d "$rest" +%s 2>/dev/null) ;;
        grace) [[ $rest =~ ^[0-9]{1,6}$ ]] && grace=$rest ;;
        late) [[ $rest =~ ^([1-9][0-9]{0,5})\ +([0-9]{1,3})$ ]] && every=${BASH_REMATCH[1]} off=${BASH_REMATCH[2]} ;;
        most) [[ $rest =~ ^[0-9]{1,3}$ ]] && most=$rest ;;
        *) false ;;
        esac || fail "$1: not understood: $word $rest"
    done <"$1"
    [[ $due && $2 ]] || return 0
    late=$(($2 - due - 60 * grace))
    if ((late > 0)); then
        late_hours=$(((late + 3599) / 3600))
        times=$(((late + 3600 * every - 1) / (3600 * every))) # begun, not full
        late_off=$((times * off))
        late_off=$((late_off > most ? most : late_off))
        late_off=$((late_off > 100 ? 100 : late_off))
    fi
}
