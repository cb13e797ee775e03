/* lists.h: lists of arguments, for the macros of the other headers.
 *
 * Each length has a macro of its own. So an argument passes through one macro on its way, and not through one for each
 * neighbour, and a compiler that shows the way of a wrong argument has one step to show. */
#ifndef SQLA_LISTS_H
#define SQLA_LISTS_H
#ifndef SQLA_CHECK_HEADERS
#pragma GCC system_header
#endif
#ifndef __cplusplus

#define SQLA_NTH_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, \
    _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, _33, _34, _35, _36, _37, _38, _39, \
    _40, _41, _42, _43, _44, _45, _46, _47, _48, _49, _50, _51, _52, _53, _54, _55, _56, _57, _58, _59, \
    _60, _61, _62, _63, _64, n, ...) n
/* What a list of 33 to 64 items gets: one error, which says so. */
struct sqla_error_a_list_takes_at_most_32_items { int x; };
void *sqla_a_list_takes_at_most_32_items_(struct sqla_error_a_list_takes_at_most_32_items);
#define SQLA_TOO_MANY_(...) (*sqla_a_list_takes_at_most_32_items_)(0)
#define SQLA_UNKNOWN_FAMILIES_(...) SQLA_ANY_FAMILY_
#define SQLA_COUNT_(...) SQLA_NTH_(__VA_ARGS__, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, \
    33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 32, 31, 30, 29, 28, 27, 26, \
    25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

/* SQLA_LIST_(a, b)(m, s, a, b) is m(s, a), m(s, b). */
#define SQLA_LIST_(...) SQLA_NTH_(__VA_ARGS__, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, \
    SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, \
    SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, \
    SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, \
    SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, \
    SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_TOO_MANY_, SQLA_M32_, SQLA_M31_, \
    SQLA_M30_, SQLA_M29_, SQLA_M28_, SQLA_M27_, SQLA_M26_, SQLA_M25_, SQLA_M24_, SQLA_M23_, SQLA_M22_, \
    SQLA_M21_, SQLA_M20_, SQLA_M19_, SQLA_M18_, SQLA_M17_, SQLA_M16_, SQLA_M15_, SQLA_M14_, SQLA_M13_, \
    SQLA_M12_, SQLA_M11_, SQLA_M10_, SQLA_M9_, SQLA_M8_, SQLA_M7_, SQLA_M6_, SQLA_M5_, SQLA_M4_, \
    SQLA_M3_, SQLA_M2_, SQLA_M1_, 0)
#define SQLA_M1_(m, s, a1) m(s, a1)
#define SQLA_M2_(m, s, a1, a2) m(s, a1), m(s, a2)
#define SQLA_M3_(m, s, a1, a2, a3) m(s, a1), m(s, a2), m(s, a3)
#define SQLA_M4_(m, s, a1, a2, a3, a4) m(s, a1), m(s, a2), m(s, a3), m(s, a4)
#define SQLA_M5_(m, s, a1, a2, a3, a4, a5) m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5)
#define SQLA_M6_(m, s, a1, a2, a3, a4, a5, a6) m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6)
#define SQLA_M7_(m, s, a1, a2, a3, a4, a5, a6, a7) m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), \
    m(s, a6), m(s, a7)
#define SQLA_M8_(m, s, a1, a2, a3, a4, a5, a6, a7, a8) m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), \
    m(s, a6), m(s, a7), m(s, a8)
#define SQLA_M9_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9) m(s, a1), m(s, a2), m(s, a3), m(s, a4), \
    m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9)
#define SQLA_M10_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) m(s, a1), m(s, a2), m(s, a3), m(s, a4), \
    m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10)
#define SQLA_M11_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) m(s, a1), m(s, a2), m(s, a3), \
    m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11)
#define SQLA_M12_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) m(s, a1), m(s, a2), m(s, a3), \
    m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11), m(s, a12)
#define SQLA_M13_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13) m(s, a1), m(s, a2), \
    m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11), \
    m(s, a12), m(s, a13)
#define SQLA_M14_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14) m(s, a1), m(s, a2), \
    m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11), \
    m(s, a12), m(s, a13), m(s, a14)
#define SQLA_M15_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15) m(s, a1), \
    m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11), \
    m(s, a12), m(s, a13), m(s, a14), m(s, a15)
#define SQLA_M16_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16) m(s, a1), \
    m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), m(s, a11), \
    m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16)
#define SQLA_M17_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17)
#define SQLA_M18_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18)
#define SQLA_M19_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19)
#define SQLA_M20_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20)
#define SQLA_M21_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21)
#define SQLA_M22_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22)
#define SQLA_M23_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23)
#define SQLA_M24_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24)
#define SQLA_M25_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25)
#define SQLA_M26_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26)
#define SQLA_M27_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27)
#define SQLA_M28_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27), m(s, a28)
#define SQLA_M29_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27), m(s, a28), \
    m(s, a29)
#define SQLA_M30_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27), m(s, a28), \
    m(s, a29), m(s, a30)
#define SQLA_M31_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27), m(s, a28), \
    m(s, a29), m(s, a30), m(s, a31)
#define SQLA_M32_(m, s, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32) \
    m(s, a1), m(s, a2), m(s, a3), m(s, a4), m(s, a5), m(s, a6), m(s, a7), m(s, a8), m(s, a9), m(s, a10), \
    m(s, a11), m(s, a12), m(s, a13), m(s, a14), m(s, a15), m(s, a16), m(s, a17), m(s, a18), m(s, a19), \
    m(s, a20), m(s, a21), m(s, a22), m(s, a23), m(s, a24), m(s, a25), m(s, a26), m(s, a27), m(s, a28), \
    m(s, a29), m(s, a30), m(s, a31), m(s, a32)

/* The families that all of them have. */
#define SQLA_FAMILIES_OF_(...) SQLA_NTH_(__VA_ARGS__, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, \
    SQLA_UNKNOWN_FAMILIES_, SQLA_UNKNOWN_FAMILIES_, SQLA_F32_, SQLA_F31_, SQLA_F30_, SQLA_F29_, \
    SQLA_F28_, SQLA_F27_, SQLA_F26_, SQLA_F25_, SQLA_F24_, SQLA_F23_, SQLA_F22_, SQLA_F21_, SQLA_F20_, \
    SQLA_F19_, SQLA_F18_, SQLA_F17_, SQLA_F16_, SQLA_F15_, SQLA_F14_, SQLA_F13_, SQLA_F12_, SQLA_F11_, \
    SQLA_F10_, SQLA_F9_, SQLA_F8_, SQLA_F7_, SQLA_F6_, SQLA_F5_, SQLA_F4_, SQLA_F3_, SQLA_F2_, SQLA_F1_, \
    0)
#define SQLA_F1_(a1) SQLA_FAMILIES_(a1)
#define SQLA_F2_(a1, a2) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2)
#define SQLA_F3_(a1, a2, a3) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3)
#define SQLA_F4_(a1, a2, a3, a4) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & \
    SQLA_FAMILIES_(a4)
#define SQLA_F5_(a1, a2, a3, a4, a5) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & \
    SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5)
#define SQLA_F6_(a1, a2, a3, a4, a5, a6) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & \
    SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6)
#define SQLA_F7_(a1, a2, a3, a4, a5, a6, a7) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & \
    SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7)
#define SQLA_F8_(a1, a2, a3, a4, a5, a6, a7, a8) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & \
    SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & \
    SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8)
#define SQLA_F9_(a1, a2, a3, a4, a5, a6, a7, a8, a9) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & \
    SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & \
    SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9)
#define SQLA_F10_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & \
    SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & \
    SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10)
#define SQLA_F11_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & \
    SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & \
    SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & \
    SQLA_FAMILIES_(a11)
#define SQLA_F12_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) SQLA_FAMILIES_(a1) & \
    SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & \
    SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & \
    SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12)
#define SQLA_F13_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13) SQLA_FAMILIES_(a1) & \
    SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & \
    SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & \
    SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & SQLA_FAMILIES_(a13)
#define SQLA_F14_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14) SQLA_FAMILIES_(a1) & \
    SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & \
    SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & \
    SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & SQLA_FAMILIES_(a13) & \
    SQLA_FAMILIES_(a14)
#define SQLA_F15_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15) SQLA_FAMILIES_(a1) & \
    SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & SQLA_FAMILIES_(a5) & \
    SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & SQLA_FAMILIES_(a9) & \
    SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & SQLA_FAMILIES_(a13) & \
    SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15)
#define SQLA_F16_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16)
#define SQLA_F17_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17)
#define SQLA_F18_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18)
#define SQLA_F19_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19)
#define SQLA_F20_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20)
#define SQLA_F21_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21)
#define SQLA_F22_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22)
#define SQLA_F23_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23)
#define SQLA_F24_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24)
#define SQLA_F25_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25)
#define SQLA_F26_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26)
#define SQLA_F27_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27)
#define SQLA_F28_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27) & SQLA_FAMILIES_(a28)
#define SQLA_F29_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27) & SQLA_FAMILIES_(a28) & \
    SQLA_FAMILIES_(a29)
#define SQLA_F30_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27) & SQLA_FAMILIES_(a28) & \
    SQLA_FAMILIES_(a29) & SQLA_FAMILIES_(a30)
#define SQLA_F31_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27) & SQLA_FAMILIES_(a28) & \
    SQLA_FAMILIES_(a29) & SQLA_FAMILIES_(a30) & SQLA_FAMILIES_(a31)
#define SQLA_F32_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32) \
    SQLA_FAMILIES_(a1) & SQLA_FAMILIES_(a2) & SQLA_FAMILIES_(a3) & SQLA_FAMILIES_(a4) & \
    SQLA_FAMILIES_(a5) & SQLA_FAMILIES_(a6) & SQLA_FAMILIES_(a7) & SQLA_FAMILIES_(a8) & \
    SQLA_FAMILIES_(a9) & SQLA_FAMILIES_(a10) & SQLA_FAMILIES_(a11) & SQLA_FAMILIES_(a12) & \
    SQLA_FAMILIES_(a13) & SQLA_FAMILIES_(a14) & SQLA_FAMILIES_(a15) & SQLA_FAMILIES_(a16) & \
    SQLA_FAMILIES_(a17) & SQLA_FAMILIES_(a18) & SQLA_FAMILIES_(a19) & SQLA_FAMILIES_(a20) & \
    SQLA_FAMILIES_(a21) & SQLA_FAMILIES_(a22) & SQLA_FAMILIES_(a23) & SQLA_FAMILIES_(a24) & \
    SQLA_FAMILIES_(a25) & SQLA_FAMILIES_(a26) & SQLA_FAMILIES_(a27) & SQLA_FAMILIES_(a28) & \
    SQLA_FAMILIES_(a29) & SQLA_FAMILIES_(a30) & SQLA_FAMILIES_(a31) & SQLA_FAMILIES_(a32)
#endif /* !__cplusplus */
#endif
