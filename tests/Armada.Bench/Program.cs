using System.CommandLine;
using Armada.Bench;
using Armada.Bench.Soak;

var quick = new Option<bool>("--quick") { Description = "shorter rounds, for a first look" };
var only = new Option<string?>("--only") { Description = "only the rows of one name: latency, watched, rate, allocation, tick, agent, provisioning, grains" };
var port = new Option<int>("--port") { Description = "port of the broker on 127.0.0.1", Required = true };

var relay = new Command("relay", "the yardstick: republishes each state payload as a command") { port };
relay.SetAction((parsed, cancellation) => RelayProgram.RunAsync(parsed.GetValue(port), cancellation));

var minutes = new Option<double>("--minutes") { Description = "how long", DefaultValueFactory = _ => 10 };
var robots = new Option<int>("--robots") { Description = "how many robots, 4 or more", DefaultValueFactory = _ => 100 };
var bound = new Option<double>("--bound") { Description = "most growth of the heap, percent an hour", DefaultValueFactory = _ => 20 };
var soak = new Command("soak", "everything comes and goes for minutes; fails unless memory is flat") { minutes, robots, bound };
soak.SetAction((parsed, cancellation) => SoakProgram.RunAsync(
    parsed.GetValue(minutes), Math.Max(4, parsed.GetValue(robots)), parsed.GetValue(bound), cancellation));

var root = new RootCommand("Prints the table of measured ratios.") { quick, only, relay, soak };
root.SetAction((parsed, cancellation) => TableProgram.RunAsync(parsed.GetValue(quick), parsed.GetValue(only), cancellation));
return await root.Parse(args).InvokeAsync();
