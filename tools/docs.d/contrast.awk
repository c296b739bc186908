# contrast.awk: computes what style.css's "contrast:" lines ask for, as WCAG 2 does,
# in the light colours and, where there are any, in the dark ones.
#
# Usage: awk -f contrast.awk style.css      prints what is below

function channel(hex,    value) {
    value = (index("0123456789abcdef", substr(hex, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(hex, 2, 1)) - 1
    value /= 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ^ 2.4
}

function luminance(hex) {
    return 0.2126 * channel(substr(hex, 2, 2)) + 0.7152 * channel(substr(hex, 4, 2)) + 0.0722 * channel(substr(hex, 6, 2))
}

function contrast(a, b,    t) {
    a = luminance(a)
    b = luminance(b)
    if (a < b) { t = a; a = b; b = t }
    return (a + 0.05) / (b + 0.05)
}

/^ \* contrast: / { pair[++pairs] = $3 " " $4 " " $5 }
/prefers-color-scheme: dark/ { dark = 1 }
/^}/ { dark = 0 }
match($0, /--[a-z]+: #[0-9a-f]+;/) {
    name = $1
    gsub(/[-:]/, "", name)
    value = $2
    sub(/;/, "", value)
    colour[dark + 0, name] = value
    schemes = dark + 1 > schemes ? dark + 1 : schemes
}

END {
    for (scheme = 0; scheme < schemes; scheme++)
        for (i = 1; i <= pairs; i++) {
            split(pair[i], part, " ")
            if (!((scheme, part[1]) in colour) || !((scheme, part[2]) in colour)) {
                print part[1] " or " part[2] ": no such colour"
                continue
            }
            ratio = contrast(colour[scheme, part[1]], colour[scheme, part[2]])
            if (ratio < part[3])
                printf "%s on %s%s: %.2f, which is less than %s\n", part[1], part[2], (scheme ? " in the dark" : ""), ratio, part[3]
        }
    if (pairs == 0)
        print "no contrast: lines"
}
