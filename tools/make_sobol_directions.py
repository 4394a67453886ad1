#!/usr/bin/env python3
"""Writes lib/num/sobol_directions.inc from the table of Joe and Kuo that the SciPy package carries.

Usage: make_sobol_directions.py [dimensions] > lib/num/sobol_directions.inc      (needs numpy and scipy; 1111 dimensions by default)
"""
import pathlib
import sys

import numpy
import scipy.stats

HEAD = """\
/*
 * Initial direction numbers of Sobol's sequence: the set new-joe-kuo-6.21201 of Joe and Kuo, its first {n} dimensions. Written by
 * tools/make_sobol_directions.py.
 *
 * Source: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2635-2654 (2008);
 * https://web.maths.unsw.edu.au/~fkuo/sobol/
 *
 * One row per dimension from the second on: the primitive polynomial as a bit pattern with all its coefficients, then m_1 ... m_s, s its degree.
 *
 * Copyright (c) 2008, Frances Y. Kuo and Stephen Joe
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:
 *
 *     * Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
 *
 *     * Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the
 *       documentation and/or other materials provided with the distribution.
 *
 *     * Neither the names of the copyright holders nor the names of the University of New South Wales and the University of Waikato and its
 *       contributors may be used to endorse or promote products derived from this software without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS ``AS IS'' AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDERS BE LIABLE FOR ANY DIRECT,
 * INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS
 * OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
 * (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
"""


def main():
    dimensions = int(sys.argv[1]) if len(sys.argv) > 1 else 1111
    table = numpy.load(pathlib.Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz")
    out = [HEAD.format(n=dimensions).rstrip("\n"), "", f"enum {{ SOBOL_DIMENSIONS = {dimensions} }};", "", "/* clang-format off */",
           "static const uint16_t sobol_rows[] = {"]
    for polynomial, initial in zip(table["poly"][1:dimensions], table["vinit"][1:dimensions]):
        row = [int(polynomial)] + [int(m) for m in initial[: int(polynomial).bit_length() - 1]]
        assert all(m % 2 == 1 and m < 2 << k for k, m in enumerate(row[1:])) and max(row) < 65536
        out.append(",".join(map(str, row)) + ",")
    out += ["};", "/* clang-format on */"]
    print("\n".join(out))


if __name__ == "__main__":
    main()
