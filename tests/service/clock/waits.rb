# What a Ruby program sees of time: prints the wall clock and how long every wait took.
require 'json'
require 'socket'
require 'timeout'

WAITS = {}
WALLS = {}

def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def measured(name)
  from = monotonic
  begin
    yield
  rescue Timeout::Error, IO::TimeoutError
    nil
  end
  WAITS[name] = (monotonic - from) * 1000
end

module IO::TimeoutError; end unless defined?(IO::TimeoutError)

before = Time.now.to_f
from = monotonic
mutex = Mutex.new
ours, theirs = UNIXSocket.pair
measured('sleep') { sleep 0.2 }
measured('Timeout') { Timeout.timeout(0.2) { sleep 60 } }
measured('ConditionVariable') { mutex.synchronize { ConditionVariable.new.wait(mutex, 0.2) } }
measured('Thread.join') { Thread.new { sleep 60 }.join(0.2) }
measured('IO.select') { IO.select([ours], nil, nil, 0.2) }
measured('Queue.pop') { Timeout.timeout(0.2) { Queue.new.pop } }
WALLS['Time.now'] = Time.now.to_f
WALLS['clock_gettime'] = Process.clock_gettime(Process::CLOCK_REALTIME)
WALLS['thread'] = Thread.new { Time.now.to_f }.value
WALLS['child'] = `#{RbConfig.ruby} -e 'puts Time.now.to_f'`.to_f
WALLS['date(1)'] = `date +%s`.to_f
read, write = IO.pipe
Process.wait(fork { write.puts Time.now.to_f })
write.close
WALLS['fork'] = read.read.to_f
theirs.close
puts JSON.generate(walls: WALLS, waits: WAITS, went: Time.now.to_f - before, took: monotonic - from)
