-- Who may write. KEYS: head, lease, heartbeat. ARGV[1] says what to do, ARGV[2] is the caller's value of the lease.
--
--   check value                                           -> OK; or NOPERM and a command that the caller's user may not run
--   take value px victim owner generation reset type...   -> TAKEN or NEW and the fields of the head; or HELD and a value
--   renew value px generation event field value...        -> OK or LOST; the field-value pairs are the heartbeat's
--   release value                                         -> OK or LOST
--   mint value owner epoch old generation reset type...   -> NEW and the fields of the head; or LOST
--
-- victim: the value of a lease whose holder is known to be dead, or "". generation, reset, types: of the new life that
-- begins when there is no head: its id, its event, and further types whose items may be left over. old: the id of the
-- life that is to end, "" for whatever is there; LOST where it is over already, as for a request that was long on its way.
local call = redis.call
local head, lease, heartbeat = KEYS[1], KEYS[2], KEYS[3]
local prefix = string.sub(head, 1, -5)
local control = prefix .. 'events:control'
local value = ARGV[2]

for key, want in pairs({[head] = 'hash', [lease] = 'string', [heartbeat] = 'hash'}) do
	local found = call('TYPE', key).ok
	if found ~= want and found ~= 'none' then return redis.error_reply('TYPE ' .. key .. ' is a ' .. found) end
end

-- Delete what a sorted set names: for each member the keys that start with one of the beginnings.
local function clear(set, ...)
	if call('TYPE', set).ok == 'zset' then
		repeat
			local members = call('ZRANGE', set, 0, 999)
			for _, member in ipairs(members) do
				for _, beginning in ipairs({...}) do
					call('UNLINK', prefix .. beginning .. member)
				end
			end
			call('ZREMRANGEBYRANK', set, 0, 999)
		until #members < 1000
	end
	call('UNLINK', set)
end

-- A new life: everything of the old one goes, but for the log of syncs.
local function begin(owner, epoch, generation, reset, first_type)
	local types = {}
	for i = first_type, #ARGV do
		types[ARGV[i]] = true
	end
	for _, field in ipairs(call('HKEYS', head)) do
		local name = string.match(field, '^type_rev:(.+)$')
		if name then types[name] = true end
	end
	call('HSET', head, 'schema', '1')
	for name in pairs(types) do
		clear(prefix .. 'index:' .. name, 'item:' .. name .. '/', 'history:' .. name .. '/')
	end
	clear(prefix .. 'deleted', 'history:')
	call('UNLINK', prefix .. 'changes', prefix .. 'problems', head)
	call('HSET', head, 'schema', '1', 'generation', generation, 'rev', '0', 'batch', '', 'batch_base', '0',
		'epoch', epoch, 'owner', owner, 'items', '0', 'problems', '0')
	redis.pcall('PUBLISH', control, reset)
	return {'NEW', call('HGETALL', head)}
end

-- Each command that writes, on each kind of key, so that it changes nothing or is undone at once. What may not be run
-- would be found out in the middle of a call otherwise, with one half of it written.
local checks = {
	'UNLINK check', 'SET check a PX 1', 'PEXPIRE check 1', 'UNLINK check', 'DEL item:check/-', 'UNLINK item:check/-',
	'HSET item:check/- a b', 'HDEL item:check/- a', 'HINCRBY item:check/- a 1', 'UNLINK item:check/-',
	'UNLINK index:check/-', 'ZADD index:check/- 1 a', 'ZREMRANGEBYRANK index:check/- 0 0', 'ZREM index:check/- a',
	'UNLINK history:check/-', 'XADD history:check/- * a b', 'COPY history:check/- history:check/-',
	'UNLINK history:check/-', 'HDEL head -', 'HDEL heartbeat -', 'ZREM deleted -', 'ZADD deleted XX 0 -', 'ZPOPMIN deleted 0', 'ZCARD deleted', 'ZRANGE deleted 0 0',
	'HDEL problems -', 'HLEN problems', 'XADD changes 0-0 a b', 'XADD syncs 0-0 a b',
}
local function check()
	for _, line in ipairs(checks) do
		local words = {}
		for word in string.gmatch(line, '%S+') do
			words[#words + 1] = (#words == 1 or string.find(word, ':', 1, true)) and prefix .. word or word
		end
		local r = redis.pcall(unpack(words))
		local why = type(r) == 'table' and r.err or ''
		local word = string.match(why, '^%u+')
		-- In a script Redis has no word for it; the first two are of 6.2 and 7.0, the third of 7.2 and later.
		for _, part in ipairs({"can't run this", "can't access", 'ACL failure'}) do
			if string.find(why, part, 1, true) then word = 'NOPERM' end
		end
		if word == 'NOPERM' then return redis.error_reply('NOPERM ' .. words[1] .. ' ' .. words[2] .. ': ' .. why) end
		if word and word ~= 'ERR' and word ~= 'WRONGTYPE' then return redis.error_reply(why) end
	end
	return {'OK'}
end

local mode = ARGV[1]
if mode ~= 'renew' and mode ~= 'release' then
	-- While a cluster moves the slot, a new life could be begun half only.
	local absent = redis.pcall('EXISTS', prefix .. 'absent')
	if type(absent) == 'table' then return redis.error_reply('TRYAGAIN the slot of the catalog is being moved') end
end
if mode == 'check' then return check() end
local holder = call('GET', lease)
if mode == 'take' then
	local px, victim, owner, generation, reset = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
	if holder and holder ~= value and holder ~= victim then return {'HELD', holder} end
	call('SET', lease, value, 'PX', px)
	if call('HEXISTS', head, 'generation') == 0 then return begin(owner, '1', generation, reset, 8) end
	if call('HGET', head, 'owner') ~= owner then
		call('HINCRBY', head, 'epoch', 1)
		call('HSET', head, 'owner', owner)
	end
	return {'TAKEN', call('HGETALL', head)}
end
if holder ~= value then return {'LOST'} end
local generation = call('HGET', head, 'generation')
if mode == 'renew' then
	if generation ~= ARGV[4] then return {'LOST'} end
	call('PEXPIRE', lease, ARGV[3])
	call('DEL', heartbeat)
	call('HSET', heartbeat, unpack(ARGV, 6))
	call('PEXPIRE', heartbeat, ARGV[3])
	call('PUBLISH', control, ARGV[5])
elseif mode == 'release' then
	call('DEL', lease, heartbeat)
elseif mode == 'mint' then
	local owner, epoch, old = ARGV[3], ARGV[4], ARGV[5]
	if old ~= '' and old ~= generation then return {'LOST'} end
	return begin(owner, epoch, ARGV[6], ARGV[7], 8)
end
return {'OK'}
