# SPDX-License-Identifier: BSD-2-Clause
# What a page costs, by the size of what is mapped or unmapped: flat, once there is more than a table.
set terminal svg size 1100,520 background "#ffffff" font "sans,12"
set output picture
set datafile separator "\t"
set title "How the cost grows: nanoseconds a page"
set logscale x 2
set logscale y
set xlabel "bytes"
set xtics ("4K" 2**12, "64K" 2**16, "1M" 2**20, "16M" 2**24, "256M" 2**28, "4G" 2**32, "64G" 2**36, \
           "1T" 2**40, "16T" 2**44, "64T" 2**46)
set grid lc rgb "#dddddd"
set key outside right
of(name, column) = (stringcolumn(1) eq name ? column : NaN)
plot for [name in "W1 W1-plan W5 identity-2M identity-1G"] \
     table using 2:(of(name, $5)) every ::1 with linespoints pointtype 7 pointsize 0.5 title name
