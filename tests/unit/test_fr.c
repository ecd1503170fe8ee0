/* SPDX-License-Identifier: Apache-2.0 */
#include "field/fr.h"

#define F(name) zkg_fr_##name
#define T zkg_fr
#define WIDE zkg_fr_wide
#define MODULUS                                                                \
    "2188824287183927522224640574525727508854836440041603434369820418657580"   \
    "8495617"
#include "field_test.h"

int main(void)
{
    const struct CMUnitTest tests[] = {FIELD_TESTS};

    return can_run() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
