# Makes the benchmark's table of the figures that bench.sh gathered, and a JSON file of them.
#
#   awk -v engines="native seventeen qemu" -v json=FILE -f table.awk classes figures
#
# Time is the median over the rounds, a ratio the median of the rounds' ratios; a class' ratio is the
# geometric mean over its programs. What printing costs (the least time of base/nothing in a
# round) is taken off each time.

BEGIN { kTicks = 2 } # time stamps of one instruction in Seventeen's unpaced PC (machine/pc.h)

# --- input ---

FNR == NR {
    if ($1 !~ /^#/) {
        class[++classes] = $1
        against[$1] = $2
        gate[$1] = $3
        about = $4
        for (i = 5; i <= NF; ++i) about = about " " $i
        what[$1] = about
    }
    next
}
{ round = $1; engine = $2; if (round > rounds) rounds = round }
$3 == "time" { record($4, engine == "native" ? $8 : $5, $6); check($4, $7); stamps[engine, $4] = $9 }
$3 == "boot" { record("boot/init", $4, $5); peak[engine, round] = $6 }
# Bochs' first characters are its own, and it ends with status 1 when the guest switches off.
$3 == "first" && engine != "bochs" { cpu[engine, "first", round] = $4; wall[engine, "first", round] = $5 }
$3 == "total" { cpu[engine, "total", round] = $4; wall[engine, "total", round] = $5; last_peak[engine, round] = $6 }
$3 == "failed" && !(engine == "bochs" && $5 == "status:1") { complain(engine " " $4 " failed in round " round ": " $5) }

function record(name, seconds, wall_seconds) {
    if (!(name in known)) {
        known[name] = 1
        program[++programs] = name
    }
    if (name == "base/nothing" && (engine, name, round) in cpu && cpu[engine, name, round] < seconds) return
    cpu[engine, name, round] = seconds
    wall[engine, name, round] = wall_seconds
}

function check(name, sum) {
    if (!(name in checksum)) checksum[name] = sum
    else if (checksum[name] != sum)
        complain(name ": " engine " has the checksum " sum ", not " checksum[name])
}

function complain(text) { complaint[++complaints] = text }

# --- arithmetic ---

# The median of values[1..n]; empty where n is 0.
function median(values, n,    i, k, t) {
    if (n == 0) return ""
    for (i = 2; i <= n; ++i) {
        t = values[i]
        for (k = i - 1; k >= 1 && values[k] > t; --k) values[k + 1] = values[k]
        values[k + 1] = t
    }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}

# One round's time without what printing costs; empty where there is none.
function time_of(table, e, name, r,    t) {
    if (!((e, name, r) in table)) return ""
    t = table[e, name, r]
    if (name !~ /^(boot|base)\// && name ~ /\// && (e, "base/nothing", r) in table) t -= table[e, "base/nothing", r]
    return t > 0.000001 ? t : 0.000001
}

function median_of(table, e, name,    r, n, values) {
    n = 0
    for (r = 1; r <= rounds; ++r)
        if ((e, name, r) in table) values[++n] = time_of(table, e, name, r)
    return median(values, n)
}

function ratio_of(e, base, name,    r, n, values) {
    n = 0
    for (r = 1; r <= rounds; ++r)
        if ((e, name, r) in cpu && (base, name, r) in cpu)
            values[++n] = time_of(cpu, e, name, r) / time_of(cpu, base, name, r)
    return median(values, n)
}

# The geometric mean over a class' programs.
function class_ratio(e, base, c,    i, n, total, value) {
    for (i = 1; i <= programs; ++i) {
        if (index(program[i], c "/") != 1) continue
        value = ratio_of(e, base, program[i])
        if (value != "") { total += log(value); ++n }
    }
    return n ? exp(total / n) : ""
}

# An engine that ended early, or was ended, leaves programs without figures.
function find_missing(    i, e, r) {
    for (i = 1; i <= programs; ++i)
        for (e = 1; e <= count; ++e) {
            if (engine_name[e] == "native" && program[i] ~ /^(boot|port)\//) continue
            for (r = 1; r <= rounds; ++r)
                if (!((engine_name[e], program[i], r) in cpu)) complain(engine_name[e] " has no figure for " program[i] " in round " r)
        }
}

# --- output ---

function number(value, format) { return value == "" ? "-" : sprintf(format, value) }

# One of Seventeen's engines?
function ours(name) { return name !~ /^(native|qemu|bochs)$/ }

# One to compare with plain Seventeen?
function variant(e) { return has["seventeen"] && ours(engine_name[e]) && engine_name[e] != "seventeen" }

function print_row(name,    e, line, time) {
    line = sprintf("%-20s", name)
    if (has["native"]) line = line sprintf(" %9s", number(median_of(cpu, "native", name), "%.4f"))
    for (e = 1; e <= count; ++e) {
        if (engine_name[e] == "native") continue
        if (has["native"] && name !~ /^(boot|port)/) line = line sprintf(" %11s", number(ratio_of(engine_name[e], "native", name), "%.2f"))
        else line = line sprintf(" %10ss", number(median_of(cpu, engine_name[e], name), "%.4f"))
    }
    for (e = 1; e <= count; ++e) {
        if (!ours(engine_name[e])) continue
        if (has["qemu"]) line = line sprintf(" %11s", number(ratio_of(engine_name[e], "qemu", name), "%.3f"))
        if (variant(e)) line = line sprintf(" %11s", number(ratio_of(engine_name[e], "seventeen", name), "%.3f"))
        time = median_of(cpu, engine_name[e], name)
        line = line sprintf(" %7s", time > 0 && (engine_name[e], name) in stamps ? sprintf("%.0f", stamps[engine_name[e], name] / kTicks / time / 1e6) : "-")
    }
    print line
}

function print_head(    e, line) {
    line = sprintf("%-20s", "program")
    if (has["native"]) line = line sprintf(" %9s", "native s")
    for (e = 1; e <= count; ++e)
        if (engine_name[e] != "native") line = line sprintf(" %11s", substr(engine_name[e], 1, 11))
    for (e = 1; e <= count; ++e) {
        if (!ours(engine_name[e])) continue
        if (has["qemu"]) line = line sprintf(" %11s", substr(engine_name[e], 1, 7) "/tcg")
        if (variant(e)) line = line sprintf(" %11s", substr(engine_name[e], 1, 6) "/17")
        line = line sprintf(" %7s", "MIPS")
    }
    print line
}

function print_gates(e,    i, value, native, c, verdict) {
    if (!has["native"] && !has["qemu"]) return
    printf "\n%-9s %9s %9s  %-16s %s\n", "class", "/native", "/tcg", "gate", engine_name[e]
    for (i = 1; i <= classes; ++i) {
        c = class[i]
        native = c ~ /^(boot|port)$/ ? "" : class_ratio(engine_name[e], "native", c)
        value = class_ratio(engine_name[e], "qemu", c)
        if (native == "" && value == "") continue
        if (against[c] == "native") verdict = native == "" ? "-" : (native <= gate[c] ? "met" : "MISSED")
        else verdict = value == "" ? "-" : (value <= gate[c] ? "met" : "MISSED")
        if (verdict == "met" && value > 1) verdict = "met, but slower than TCG"
        printf "%-9s %9s %9s  %-16s %s\n", c, number(native, "%.2f"), number(value, "%.3f"), "<= " gate[c] " " against[c], verdict "  (" what[c] ")"
    }
}

function median_peak(table, e,    r, n, values) {
    n = 0
    for (r = 1; r <= rounds; ++r) if ((e, r) in table) values[++n] = table[e, r] / 1024
    return median(values, n)
}

function print_machines(    e, name) {
    printf "\n%-12s %13s %13s %10s %12s %10s\n", "machine", "first char.", "boot (wall)", "boot CPU", "peak at boot", "peak"
    for (e = 1; e <= count; ++e) {
        name = engine_name[e]
        if (name == "native") continue
        printf "%-12s %11ss %12ss %9ss %8s MiB %6s MiB\n", name, number(median_of(cpu, name, "first"), "%.3f"), number(median_of(wall, name, "boot/init"), "%.2f"), number(median_of(cpu, name, "boot/init"), "%.2f"), number(median_peak(peak, name), "%.0f"), number(median_peak(last_peak, name), "%.0f")
    }
}

function quoted(value) { return value == "" ? "null" : sprintf("%.6f", value) }

function emit(text) { printf "%s", text >json }

function write_json(    i, e, r, line, name) {
    emit(sprintf("{\n  \"rounds\": %d,\n  \"programs\": {", rounds))
    for (i = 1; i <= programs; ++i) {
        name = program[i]
        emit(sprintf("%s\n    \"%s\": {\"checksum\": \"%s\"", i > 1 ? "," : "", name, checksum[name]))
        for (e = 1; e <= count; ++e) {
            emit(sprintf(",\n      \"%s\": {\"cpu\": [", engine_name[e]))
            for (r = 1; r <= rounds; ++r) emit(sprintf("%s%s", r > 1 ? ", " : "", quoted(time_of(cpu, engine_name[e], name, r))))
            emit(sprintf("], \"wall\": ["))
            for (r = 1; r <= rounds; ++r) emit(sprintf("%s%s", r > 1 ? ", " : "", quoted(time_of(wall, engine_name[e], name, r))))
            emit(sprintf("], \"median\": %s, \"to_native\": %s, \"to_qemu\": %s}", quoted(median_of(cpu, engine_name[e], name)), quoted(ratio_of(engine_name[e], "native", name)), quoted(ratio_of(engine_name[e], "qemu", name))))
        }
        emit(sprintf("}"))
    }
    emit(sprintf("\n  },\n  \"classes\": {"))
    for (i = 1; i <= classes; ++i) {
        emit(sprintf("%s\n    \"%s\": {\"against\": \"%s\", \"gate\": %s", i > 1 ? "," : "", class[i], against[class[i]], gate[class[i]]))
        for (e = 1; e <= count; ++e)
            if (engine_name[e] != "native") emit(sprintf(", \"%s\": %s", engine_name[e], quoted(class_ratio(engine_name[e], against[class[i]], class[i]))))
        emit(sprintf("}"))
    }
    emit(sprintf("\n  },\n  \"machines\": {"))
    line = ""
    for (e = 1; e <= count; ++e) {
        name = engine_name[e]
        if (name == "native") continue
        emit(sprintf("%s\n    \"%s\": {\"first_cpu\": %s, \"first_wall\": %s, \"peak_at_boot_mib\": %s, \"peak_mib\": %s}", line, name, quoted(median_of(cpu, name, "first")), quoted(median_of(wall, name, "first")), quoted(median_peak(peak, name)), quoted(median_peak(last_peak, name))))
        line = ","
    }
    emit(sprintf("\n  },\n  \"failures\": %d\n}\n", complaints))
}

END {
    count = split(engines, engine_name, " ")
    for (e = 1; e <= count; ++e) has[engine_name[e]] = 1
    find_missing()
    print_head()
    for (i = 1; i <= programs; ++i) if (program[i] != "base/nothing") print_row(program[i])
    for (e = 1; e <= count; ++e) if (ours(engine_name[e])) print_gates(e)
    print_machines()
    print "\nCPU seconds (s) or ratios: to native, /tcg to QEMU, /17 to plain Seventeen; medians of " rounds " rounds"
    for (i = 1; i <= complaints; ++i) print "FAILED: " complaint[i]
    if (json != "") write_json()
    exit complaints != 0
}
