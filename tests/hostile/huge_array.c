/*
 * huge_array: has an array of 2 GB that isn't 0, and so is as large as a
 * file.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: limits on the size of a file, and on the compiler's memory
 */
static char huge[2147483647] = {1};

int main(void)
{
    return huge[sizeof huge - 1];
}
