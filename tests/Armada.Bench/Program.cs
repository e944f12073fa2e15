using System.CommandLine;
using Armada.Bench;

var quick = new Option<bool>("--quick") { Description = "shorter rounds, for a first look" };
var only = new Option<string?>("--only") { Description = "only the rows of one name: latency, watched, rate, allocation, tick, agent" };
var port = new Option<int>("--port") { Description = "port of the broker on 127.0.0.1", Required = true };

var relay = new Command("relay", "the yardstick: republishes each state payload as a command") { port };
relay.SetAction((parsed, cancellation) => RelayProgram.RunAsync(parsed.GetValue(port), cancellation));

var root = new RootCommand("Prints the table of measured ratios.") { quick, only, relay };
root.SetAction((parsed, cancellation) => TableProgram.RunAsync(parsed.GetValue(quick), parsed.GetValue(only), cancellation));
return await root.Parse(args).InvokeAsync();
