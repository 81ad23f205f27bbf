# SPDX-License-Identifier: BSD-2-Clause
# Nanoseconds a page, by the library and by a hand-written loop; both axes as in the table.
set terminal svg size 1100,520 background "#ffffff" font "sans,12"
set output picture
set datafile separator "\t"
set title "Page tables: nanoseconds a page"
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set logscale y
set yrange [0.0005:*]
set grid ytics lc rgb "#dddddd"
set xtics rotate by -40
set key top left
plot table using 2:xtic(1) every ::1 title "library" lc rgb "#2a6fb0", \
     "" using 3 every ::1 title "hand-written loop" lc rgb "#e08a2c", \
     "" using 6 every ::1 title "memset of the tables" lc rgb "#a0a7b4"
