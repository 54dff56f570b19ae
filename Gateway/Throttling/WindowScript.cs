namespace Gateway.Throttling;

/// <summary>
/// The sliding windows (D16), decided and counted in one script: time from Redis, all limits of a request or none.
/// </summary>
/// <remarks>
/// A key is one string of 452 bytes whatever its cap: head bucket, total, turns given (start and number), marks of the
/// two events, then a ring of 101 counters. A bucket is a hundredth of the window; the present one and the hundred
/// before it are counted whole, so that they cover any true window that ends now, and capacity returns at most a
/// hundredth late. Turns lie a step (window / cap) apart and are counted in the bucket in which they come; the first
/// is so late that turns and what is still in the window never make more than the cap in any window of its length.
/// A limit by stream has two keys, and both are in every call: broadcasts, with turns, up to their part of the cap; and
/// all other mail, refused above what these leave. So neither both together nor broadcasts alone pass what they may.
/// </remarks>
internal static class WindowScript
{
    public const string Charge = """
        local all = unpack
        local unpack, pack, sub, floor, ceil = struct.unpack, struct.pack, string.sub, math.floor, math.ceil
        local SLOTS, HEADER = 101, 48
        local WAIT, SPREAD, MONTH, SHARED, TURNS = 1, 2, 3, 4, 5
        local ADMITTED = '\0\0'
        local MONTH_KEPT, SPREAD_MOST = 33 * 86400000, 120000
        local time = redis.call('TIME')
        local now = time[1] * 1000 + floor(time[2] / 1000)

        local function turn(l) return l.start + l.units * l.step end
        -- Turns that come before a time.
        local function before(l, at)
            if l.units == 0 or at <= l.start then return 0 end
            return math.min(l.units, ceil((at - l.start) / l.step))
        end
        -- Each bucket that counted something, oldest first, with its units.
        local function history(l)
            local first = 4 * ((l.head + 1) % SLOTS)
            local old, at = sub(l.ring, first + 1) .. sub(l.ring, 1, first), 1
            old = sub(old, 1, 4 * SLOTS - 4) .. pack('<I4', math.min(l.current, 4294967295))
            return function()
                at = string.find(old, '[^%z]', at)
                if not at then return nil end
                local place = floor((at - 1) / 4)
                at = 4 * place + 5
                return l.head - SLOTS + 1 + place, (unpack('<I4', old, 4 * place + 1))
            end
        end
        -- Buckets that left the window are emptied, and hold the turns that came meanwhile.
        local function roll(l, bucket)
            local from = math.max(l.head + 1, bucket - SLOTS + 1)
            local count, first, fresh = bucket - from + 1, from % SLOTS, nil
            if l.total > 0 then
                for b = from, bucket do l.total = l.total - unpack('<I4', l.ring, 4 * (b % SLOTS) + 1) end
            end
            if l.units > 0 and turn(l) > from * l.width then
                fresh = {}
                for b = from, bucket do
                    local n = before(l, (b + 1) * l.width) - before(l, b * l.width)
                    fresh[#fresh + 1] = pack('<I4', n)
                    l.total = l.total + n
                end
                fresh = table.concat(fresh)
            else
                fresh = string.rep('\0', 4 * count)
            end
            local tail = math.min(count, SLOTS - first)
            l.ring = sub(l.ring, 1, 4 * first) .. sub(fresh, 1, 4 * tail) .. sub(l.ring, 4 * (first + tail) + 1)
            if count > tail then l.ring = sub(fresh, 4 * tail + 1) .. sub(l.ring, 4 * (count - tail) + 1) end
            l.head = bucket
        end
        local function load(l, raw)
            if l.kind == MONTH then
                l.total, l.warned, l.reached, l.head = 0, 0, 0, 0
                if raw then l.total, l.warned, l.reached = unpack('<ddd', raw) end
                return
            end
            l.width, l.step = l.window / 100, l.window / l.cap
            local bucket = floor(now / l.width)
            if raw then
                l.head, l.total, l.start, l.units, l.warned, l.reached = unpack('<dddddd', raw)
                l.ring = sub(raw, HEADER + 1)
                -- A clock that went back keeps the newest bucket.
                if bucket > l.head then roll(l, bucket) end
            else
                l.head, l.total, l.start, l.units, l.warned, l.reached = bucket, 0, 0, 0, 0, 0
                l.ring = string.rep('\0', 4 * SLOTS)
            end
            l.current = unpack('<I4', l.ring, 4 * (l.head % SLOTS) + 1)
        end
        local function save(l)
            if l.kind == MONTH then
                redis.call('SET', l.key, pack('<ddd', l.total, l.warned, l.reached), 'PX', MONTH_KEPT)
                return
            end
            local at = 4 * (l.head % SLOTS)
            local ring = sub(l.ring, 1, at) .. pack('<I4', math.min(l.current, 4294967295)) .. sub(l.ring, at + 5)
            local kept = ceil(l.window * 1.02 + math.max(0, turn(l) - now)) + 1000
            redis.call('SET', l.key, pack('<dddddd', l.head, l.total, l.start, l.units, l.warned, l.reached) .. ring,
                'PX', string.format('%.0f', kept))
        end
        local function add(l, units)
            l.total, l.dirty = l.total + units, true
            if l.kind ~= MONTH then l.current = l.current + units end
        end
        -- What was counted ahead and not used.
        local function take_back(l, units, bucket)
            if l.kind == MONTH then
                l.total, l.dirty = math.max(0, l.total - units), true
            elseif bucket == l.head then
                units = math.min(units, l.current)
                l.total, l.current, l.dirty = l.total - units, l.current - units, true
            elseif bucket < l.head and bucket > l.head - SLOTS then
                local at = 4 * (bucket % SLOTS)
                local had = unpack('<I4', l.ring, at + 1)
                units = math.min(units, had)
                l.ring = sub(l.ring, 1, at) .. pack('<I4', had - units) .. sub(l.ring, at + 5)
                l.total, l.dirty = l.total - units, true
            end
        end
        local function pending(l) return l.units > 0 and turn(l) > now end
        -- Two halves of one limit. While turns lie ahead, their part is theirs; else each has what the other leaves.
        local function room(l)
            local other = l.other
            if l.kind == SHARED then
                return l.cap - l.total - (pending(other) and other.cap or other.total)
            elseif l.kind == TURNS then
                return math.min(l.cap, other.cap - other.total) - l.total
            end
            return l.cap - l.total
        end
        local function fits(l, units)
            if (l.kind == WAIT or l.kind == TURNS) and pending(l) then return false end
            return units <= room(l)
        end
        -- When so many units would fit.
        local function opens(l, units)
            if l.kind == MONTH then return 0 end
            local missing = units - room(l)
            for b, n in history(l) do
                missing = missing - n
                if missing <= 0 then return (b + 1) * l.width + l.window end
            end
            return now + l.window
        end
        -- The first turn after a full window: late enough that at each moment no more turns came than room returned.
        local function first_turn(l)
            local first, room = (l.head + 1) * l.width, l.cap - l.total -- of this half alone
            for b, n in history(l) do
                first = math.max(first, (b + 1) * l.width + l.window - room * l.step)
                room = room + n
            end
            if l.kind == TURNS then
                -- Not before the other half is down to what remains of it then.
                local over = l.other.total - (l.other.cap - l.cap)
                for b, n in history(l.other) do
                    if over <= 0 then break end
                    over = over - n
                    first = math.max(first, (b + 1) * l.width + l.window)
                end
            end
            return first
        end
        local function reserve(l, units)
            if l.units == 0 or turn(l) <= now then l.start, l.units = first_turn(l), 0 end
            local first, edge = turn(l), (l.head + 1) * l.width
            local had = before(l, edge)
            l.units = l.units + units
            add(l, 0)
            local present = before(l, edge) - had
            l.total, l.current = l.total + present, l.current + present
            return first
        end
        local function spread(l, units)
            local open = opens(l, units)
            local at = math.max(l.warned, open)
            if at > now + SPREAD_MOST then at = open end
            l.warned, l.dirty = at + l.step, true
            return at
        end

        local limits, at, missing = {}, 1, ''
        local stored = redis.call('MGET', all(KEYS))
        for i = 1, #KEYS do
            local cap, window, kind, seeded, other
            cap, window, kind, seeded, other, at = unpack('<ddBBB', ARGV[1], at)
            local l = {
                key = KEYS[i], cap = cap, window = window, kind = kind, width = 0, step = 0, ring = false,
                head = 0, total = 0, start = 0, units = 0, warned = 0, reached = 0, current = 0, dirty = false, over = false,
                wanted = 0, other = other,
            }
            local raw = stored[i]
            if not raw and seeded == 1 then missing = missing .. pack('B', i - 1) else load(l, raw) end
            limits[i] = l
        end
        if missing ~= '' then return pack('B', 1) .. missing end
        for i = 1, #limits do
            local l = limits[i]
            l.other = limits[l.other + 1]
            if ARGV[3] ~= '' then
                local unused, bucket
                l.wanted, unused, bucket = unpack('<I4I4d', ARGV[3], 16 * i - 15)
                if unused > 0 then take_back(l, unused, bucket) end
            end
        end

        local reply, size = { pack('<Bd', 0, now) }, #ARGV[2]
        at = 1
        while at <= size do
            local forced, times, count
            forced, times, count, at = unpack('<BI2B', ARGV[2], at)
            local places, charged, amounts = {}, {}, {}
            for i = 1, count do
                places[i], amounts[i], at = unpack('<BI4', ARGV[2], at)
                charged[i] = limits[places[i] + 1]
            end
            for _ = 1, times do
                local refused, latest = nil, -1
                for i = 1, count do
                    local place, l, units = places[i], charged[i], amounts[i]
                    if forced == 0 and l.kind ~= WAIT and l.kind ~= TURNS and not fits(l, units) then
                        l.over = true
                        local open = l.kind == SPREAD and spread(l, units) or opens(l, units)
                        if l.kind == MONTH or open > latest then refused, latest = place, open end
                        if l.kind == MONTH then latest = math.huge end
                    end
                end
                if refused then
                    reply[#reply + 1] = pack('<BBd', 1, refused, latest == math.huge and 0 or latest)
                else
                    local turns = ''
                    for i = 1, count do
                        local place, l, units = places[i], charged[i], amounts[i]
                        if forced == 1 or fits(l, units) then
                            add(l, units)
                        else
                            l.over = true
                            turns = turns .. pack('<Bd', place, reserve(l, units))
                        end
                    end
                    reply[#reply + 1] = turns == '' and ADMITTED or pack('<BB', 0, #turns / 9) .. turns
                end
            end
        end
        for i = 1, #limits do
            local l, marks, granted = limits[i], 0, 0
            -- Counted now for what the replica lets pass until the bucket ends: of a limit with ample room alone.
            if l.wanted > 0 and not l.over and not pending(l) and room(l) - l.wanted >= l.cap / 2 then
                granted = l.wanted
                add(l, granted)
            end
            local again = l.kind == MONTH and MONTH_KEPT or l.window
            local total, over, dirty = l.total, l.over, l.dirty
            if l.kind == SHARED then
                total, over, dirty = total + l.other.total, over or l.other.over, dirty or l.other.dirty
            end
            if l.kind ~= SPREAD and l.kind ~= TURNS and (dirty or over) then
                if total >= 0.8 * l.cap and now - l.warned >= again then marks, l.warned, l.dirty = 1, now, true end
                if (total >= l.cap or over) and now - l.reached >= again then
                    marks, l.reached, l.dirty = marks + 2, now, true
                end
            end
            if l.dirty then save(l) end
            local open = room(l) < 1 and opens(l, 1) or 0
            reply[#reply + 1] = pack('<dddBI4', l.total, open, l.head, marks, granted)
        end
        return table.concat(reply)
        """;

    /// <summary>Gives back what was counted, where it was counted: it never makes room for a window that it did not fill.</summary>
    public const string Refund = """
        local unpack, pack = struct.unpack, struct.pack
        local at = 1
        for i = 1, #KEYS do
            local kind, units, bucket, step, first
            kind, units, bucket, step, first, at = unpack('<BI4ddd', ARGV[1], at)
            local raw = redis.call('GET', KEYS[i])
            if raw and kind == 3 then
                redis.call('SETRANGE', KEYS[i], 0, pack('<d', math.max(0, unpack('<d', raw) - units)))
            elseif raw and first > 0 then
                -- A turn is given back only while it is the last one and lies ahead; else it passes unused.
                local head, total, start, turns = unpack('<dddd', raw)
                local last = math.abs(start + turns * step - first - units * step) < step / 2
                if last and turns >= units and first >= (head + 1) * bucket then
                    redis.call('SETRANGE', KEYS[i], 24, pack('<d', turns - units))
                end
            elseif raw then
                local head, total = unpack('<dd', raw)
                if bucket <= head and bucket > head - 101 then
                    local place = 48 + 4 * (bucket % 101)
                    local had = unpack('<I4', raw, place + 1)
                    local back = math.min(had, units)
                    redis.call('SETRANGE', KEYS[i], place, pack('<I4', had - back))
                    redis.call('SETRANGE', KEYS[i], 8, pack('<d', total - back))
                end
            end
        end
        return 1
        """;

    /// <summary>Fills a missing key with what the ledger counted, by age in buckets; whoever comes second changes nothing.</summary>
    public const string Seed = """
        local unpack, pack = struct.unpack, struct.pack
        local window, kind, at = unpack('<dB', ARGV[1])
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        if kind == 3 then
            redis.call('SET', KEYS[1], pack('<ddd', unpack('<d', ARGV[1], at), 0, 0), 'PX', 33 * 86400000)
            return 1
        end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local head, total, ring = math.floor(now / (window / 100)), 0, {}
        for age = 0, 100 do
            local units
            units, at = unpack('<I4', ARGV[1], at)
            ring[(head - age) % 101 + 1] = pack('<I4', units)
            total = total + units
        end
        redis.call('SET', KEYS[1], pack('<dddddd', head, total, 0, 0, 0, 0) .. table.concat(ring),
            'PX', string.format('%.0f', math.ceil(window * 1.02) + 1000))
        return 1
        """;
}
