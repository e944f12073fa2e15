using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Armada.Core.MicroPython;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.MicroPython;

/// <summary>A MicroPython arm as far as the broker sees it: mosquitto's own command-line clients.</summary>
internal static class Board
{
    private static readonly string[] Servos =
    [
        "servo_1_shoulder_pan", "servo_2_shoulder_lift", "servo_3_elbow_flex", "servo_4_wrist_flex", "servo_5_wrist_roll", "servo_6_gripper",
    ];

    /// <summary>A leader that publishes each line it is given.</summary>
    public static Leader Lead(Broker broker, MicroPythonTopics topics, string thing) => new(broker, topics.Of(thing), thing);

    /// <summary>A follower that has subscribed.</summary>
    public static async Task<Follower> FollowAsync(Broker broker, MicroPythonTopics topics, string thing)
    {
        var process = RunningProcess.Start( // Line by line: into a pipe it would not say in time that it has subscribed.
            "stdbuf", "-oL", "mosquitto_sub", "-d", "-p", Port(broker), "-t", topics.Of(thing), "-F", "told %U %p");
        await process.PrintsAsync("Subscribed");
        return new Follower(process);
    }

    private static string Port(Broker broker) => broker.Mosquitto.Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>A leader.</summary>
    internal sealed class Leader(Broker broker, string topic, string thing) : IAsyncDisposable
    {
        private readonly RunningProcess process = RunningProcess.Start("mosquitto_pub", "-p", Port(broker), "-t", topic, "-l");

        /// <summary>Publishes a pose, six angles in degrees.</summary>
        public Task SendAsync(params double[] degrees)
        {
            var pose = new JsonObject { ["device_name"] = thing };
            for (var servo = 0; servo < degrees.Length; servo++)
                pose[Servos[servo]] = degrees[servo];
            return SendTextAsync(pose.ToJsonString());
        }

        /// <summary>Publishes a line.</summary>
        public Task SendTextAsync(string line) => process.WriteLineAsync(line);

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }

    /// <summary>A follower.</summary>
    internal sealed class Follower(RunningProcess process) : IAsyncDisposable
    {
        /// <summary>All it was told so far: when it came, seconds, and the message.</summary>
        public ImmutableArray<(double At, JsonNode Message)> Told =>
        [
            .. process.Lines.Where(line => line.StartsWith("told ", StringComparison.Ordinal)).Select(line => line.Split(' ', 3))
                .Select(parts => (double.Parse(parts[1], CultureInfo.InvariantCulture), JsonNode.Parse(parts[2])!)),
        ];

        /// <summary>The last pose it was told, in degrees; NaN where a servo was not named.</summary>
        public double[]? Pose => Told is [.., var (_, last)] ? [.. Servos.Select(servo => last[servo]?.GetValue<double>() ?? double.NaN)] : null;

        /// <summary>Whether its last pose is this one, to a tenth of a degree.</summary>
        public bool IsAt(params double[] degrees) =>
            Pose is { } pose && pose.Zip(degrees).All(pair => Math.Abs(pair.First - pair.Second) < 0.101);

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}
