namespace Armada.Bench.Network;

/// <summary>What a hop does to packets, the same on both hops and in both directions of each.</summary>
/// <param name="RoundTripMs">Milliseconds there and back, without what stands in queues.</param>
/// <param name="JitterMs">Most milliseconds more or less of a round trip; half of it each way, uniform, in order.</param>
/// <param name="LossPercent">Packets lost, each by itself.</param>
/// <param name="StallMs">For how long nothing passes; what comes meanwhile passes at its end.</param>
/// <param name="StallEverySeconds">How often; the second hop's stalls are half of it later.</param>
/// <param name="One">Most that is allowed with one connection.</param>
/// <param name="Two">Most that is allowed with two.</param>
internal sealed record NetworkProfile(
    string Name, double RoundTripMs, double JitterMs, double LossPercent, double StallMs, double StallEverySeconds, NetworkTargets One, NetworkTargets Two)
{
    public static IReadOnlyList<NetworkProfile> All { get; } =
    [
        Same("none", 0, 0, 0, 0, 0, new(14, 20, 0.5, 0.1, 1.15, 1.9)),
        Same("wifi", 3, 2, 0.1, 0, 0, new(18, 30, 0.8, 0.1, 1.15, 1.9)),
        new("country", 30, 10, 0.1, 0, 0, new(48, 75, 1.5, 0.1, 1.2, 2.0), new(45, 52, 0.5, 0.05, 1.1, 1.6)),
        new("intercont", 150, 20, 0.3, 0, 0, new(182, 310, 9, 0.5, 1.8, 2.5), new(175, 220, 2.0, 0.1, 1.15, 1.7)),
        new("far", 240, 20, 0.3, 0, 0, new(285, 510, 16, 0.6, 1.9, 2.7), new(275, 360, 6.5, 0.1, 1.2, 1.6)),
        new("4g", 60, 40, 1, 0, 0, new(112, 190, 4.5, 0.3, 1.75, 2.8), new(100, 130, 2.2, 0.1, 1.2, 1.9)),
        Same("badwifi", 3, 2, 0, 200, 5, new(20, 150, 8, 0.3, 1.5, 2.0)),
        Same("outage", 3, 2, 0, 450, 10, new(20, 400, 24, 3, 1.5, 1.7)),
    ];

    private static NetworkProfile Same(string name, double roundTrip, double jitter, double loss, double stall, double every, NetworkTargets targets) =>
        new(name, roundTrip, jitter, loss, stall, every, targets, targets);
}

/// <summary>Most that the follower's motion may be late, off and rough.</summary>
/// <param name="LagP50">Milliseconds.</param>
/// <param name="LagP99">Milliseconds.</param>
/// <param name="Error99">Degrees of the joint that is farthest off, after the best constant lag.</param>
/// <param name="Still">Percent of the time in which the leader moves.</param>
/// <param name="Acceleration">Multiple of the leader's.</param>
/// <param name="Jerk">Multiple of the leader's.</param>
internal sealed record NetworkTargets(double LagP50, double LagP99, double Error99, double Still, double Acceleration, double Jerk);
