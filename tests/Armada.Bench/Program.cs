using System.CommandLine;
using Armada.Bench;
using Armada.Bench.Chaos;
using Armada.Bench.Network;
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

var profile = new Option<string?>("--profile") { Description = "only this one: " + string.Join(", ", NetworkProfile.All.Select(known => known.Name)) };
var firstSeed = new Option<int>("--seed") { Description = "of the links' jitter and losses", DefaultValueFactory = _ => 1 };
var seeds = new Option<int>("--seeds") { Description = "runs a profile, each with the next seed", DefaultValueFactory = _ => 1 };
var paths = new Option<int>("--paths") { Description = "connections of each device, 1 or 2", DefaultValueFactory = _ => 1 };
var playout = new Option<string?>("--playout") { Description = "the follower's: quick, balanced, smooth" };
var brief = new Option<bool>("--quick") { Description = "a sixth of the motion, for a first look" };
var factor = new Option<double>("--slack") { Description = "factor on each target, for a busy machine", DefaultValueFactory = _ => 1 };
var keep = new Option<string?>("--keep") { Description = "folder for what each run records, as CSV" };
var from = new Option<string?>("--from") { Description = "folder of --keep: judges those runs and makes none" };
var plots = new Option<string?>("--plots") { Description = "folder for pictures of each kind of trouble, which are made instead of the table: docs/network" };
var network = new Command("network", "how late and how rough a follower is over slow, lossy and stalling networks; fails if a target is not met; needs root")
{
    profile, firstSeed, seeds, paths, playout, brief, factor, keep, from, plots,
};
network.SetAction((parsed, cancellation) => NetworkProgram.RunAsync(
    new NetworkOptions(
        parsed.GetValue(profile), parsed.GetValue(firstSeed), parsed.GetValue(seeds), parsed.GetValue(paths), parsed.GetValue(playout),
        parsed.GetValue(brief), parsed.GetValue(factor), parsed.GetValue(keep), parsed.GetValue(from), parsed.GetValue(plots)),
    cancellation));

var root = new RootCommand("Prints the table of measured ratios.") { quick, only, relay, floor, soak, chaos, network };
root.SetAction((parsed, cancellation) => TableProgram.RunAsync(parsed.GetValue(quick), parsed.GetValue(only), cancellation));
return await root.Parse(args).InvokeAsync();
