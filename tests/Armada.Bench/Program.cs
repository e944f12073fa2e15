using System.CommandLine;
using Armada.Bench;
using Armada.Bench.Chaos;
using Armada.Bench.Soak;
using Armada.Bench.Yardstick;

var quick = new Option<bool>("--quick") { Description = "shorter rounds, for a first look" };
var only = new Option<string?>("--only") { Description = "only the rows of this name: latency, devices, watched, rate, allocation, tick, agent, following, hop, provisioning" };
var port = new Option<int>("--port") { Description = "port on 127.0.0.1", Required = true };
var certificate = new Option<string?>("--cert") { Description = "the relay's certificate, PEM; without it there is no TLS" };
var key = new Option<string?>("--key") { Description = "the key of --cert" };

var relay = new Command("relay", "the yardstick that republishes each leader's state as its follower's command") { port, certificate, key };
relay.SetAction(parsed => BareRelay.Run(parsed.GetValue(port), parsed.GetValue(certificate), parsed.GetValue(key)));
var floor = new Command("floor", "the yardstick that writes what it reads from a leader's socket to the follower's") { port };
floor.SetAction(parsed => Floor.Run(parsed.GetValue(port)));

var minutes = new Option<double>("--minutes") { Description = "duration", DefaultValueFactory = _ => 10 };
var robots = new Option<int>("--robots") { Description = "number of robots, 4 or more", DefaultValueFactory = _ => 100 };
var bound = new Option<double>("--bound") { Description = "maximum growth of the heap, percent per hour", DefaultValueFactory = _ => 20 };
var soak = new Command("soak", "clients and devices come and go for minutes; fails unless memory stays flat") { minutes, robots, bound };
soak.SetAction((parsed, cancellation) => SoakProgram.RunAsync(
    parsed.GetValue(minutes), Math.Max(4, parsed.GetValue(robots)), parsed.GetValue(bound), cancellation));

var hour = new Option<double>("--minutes") { Description = "duration", DefaultValueFactory = _ => 60 };
var seed = new Option<int>("--seed") { Description = "of everything random", DefaultValueFactory = _ => 2026 };
var slack = new Option<int>("--slack") { Description = "milliseconds beyond the 300 of a hold that count as the machine's", DefaultValueFactory = _ => 50 };
var chaos = new Command("chaos", "kills, stalls, unplugs, floods and races at once; fails if an arm moves as it must not") { hour, seed, slack };
chaos.SetAction((parsed, cancellation) => ChaosProgram.RunAsync(parsed.GetValue(hour), parsed.GetValue(seed), parsed.GetValue(slack), cancellation));

var root = new RootCommand("Prints the table of measured ratios.") { quick, only, relay, floor, soak, chaos };
root.SetAction((parsed, cancellation) => TableProgram.RunAsync(parsed.GetValue(quick), parsed.GetValue(only), cancellation));
return await root.Parse(args).InvokeAsync();
