using System.Globalization;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Topics;
using Armada.Devices.Arms;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench.Rows;

/// <summary>A leader's agent at 100 Hz as a process of its own: late ticks by its own count, CPU and memory by the kernel's.</summary>
internal static class AgentCost
{
    private const string Device = "bench-leader";
    private const double ClockTicksPerSecond = 100;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(TimeSpan duration)
    {
        await using var broker = await Mosquitto.StartAsync();
        using var folder = new TempFolder();
        using var emulated = new EmulatedBus(EmulatedArm.So101(ArmRole.Leader, new WavingHand()), folder.File("leader"));
        await using var link = new MqttLink(
            new LinkOptions { ClientId = "bench-watch", Port = broker.Port }, NullLogger<MqttLink>.Instance);
        Presence? last = null;
        var topics = new TopicMap();
        link.Subscribe(topics.Of(Device, Channel.Presence), Delivery.Control, (_, payload) => Volatile.Write(ref last, ControlJson.ReadPresence(payload)));
        await link.StartAsync(CancellationToken.None);
        await using var agent = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", Configuration(folder, broker.Port, emulated.Port));
        await Eventually.Holds(() => $"the agent streams; it printed:\n{agent.Output}", () => Ticks(Volatile.Read(ref last)) > 500, TimeSpan.FromSeconds(30));

        link.Publish(topics.Of(Device, Channel.Control), ControlJson.Write(new ControlMessage("bench", ControlOp.StreamStart, 1)), Delivery.Control);
        var before = Volatile.Read(ref last)!;
        var cpuBefore = CpuSeconds(agent.Id);
        await Task.Delay(duration);
        var cpu = (CpuSeconds(agent.Id) - cpuBefore) / duration.TotalSeconds * 100;
        var after = Volatile.Read(ref last)!;
        var late = 100.0 * (Late(after) - Late(before)) / Math.Max(1, Ticks(after) - Ticks(before));
        var memory = ResidentMegabytes(agent.Id);
        return
        [
            new Row("agent: late ticks at 100 Hz", $"{late:0.00} %", "-", $"{late:0.00} %", "≤ 1 %"),
            new Row("agent: CPU", $"{cpu:0.0} % of a core", "-", $"{cpu:0.0} %", "≤ 5 %"),
            new Row("agent: memory", $"{memory:0} MB", "-", $"{memory:0} MB", "≤ 60 MB"),
        ];
    }

    private static string Configuration(TempFolder folder, int brokerPort, string port) => folder.Write("agent.json", new JsonObject
    {
        ["broker"] = new JsonObject { ["hosts"] = new JsonArray("127.0.0.1"), ["port"] = brokerPort },
        ["control_socket"] = folder.File("agent.sock"),
        ["devices"] = new JsonArray(new JsonObject { ["name"] = Device, ["kind"] = "so101-leader", ["port"] = port, ["calibration"] = "eeprom" }),
    }.ToJsonString());

    private static long Ticks(Presence? presence) => presence?.Counters?.GetValueOrDefault("ticks") ?? 0;

    private static long Late(Presence presence) => presence.Counters?.GetValueOrDefault("ticks.late") ?? 0;

    // utime and stime, fields 14 and 15 of proc(5)'s stat, in clock ticks.
    private static double CpuSeconds(int process)
    {
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / ClockTicksPerSecond;
    }

    private static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
