using System.Diagnostics;
using Armada.Devices.Arms;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Devices.Timing;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;

namespace Armada.Bench.Rows;

/// <summary>One sync read of six servos as the leader's loop does it, on an emulated arm that keeps the wire's time at 1 Mbit/s.</summary>
internal static class LeaderTick
{
    // 14 bytes out and six answers of 8 bytes at 10 bits a byte, and 2 µs return delay each.
    private const double WireMicroseconds = 632;
    private const int BaudRate = 1_000_000;

    public static Row Measure(int rounds, TimeSpan round)
    {
        using var folder = new TempFolder();
        using var emulated = new EmulatedBus(EmulatedArm.So101(ArmRole.Leader, new WavingHand()), folder.File("leader"));
        using var port = SerialPorts.Create().Open(emulated.Port, BaudRate);
        using var arm = new LeaderArm(new FeetechBus(port), EmulatedJoint.Calibration(ArmRole.Leader));
        arm.Start(ServoArm.Survey(arm.Bus, CancellationToken.None), arm.Calibration, CancellationToken.None);
        var medians = new List<double>();
        for (var i = 0; i < rounds; i++)
            medians.Add(MedianMicroseconds(arm, round));
        var median = Rounds.Median(medians);
        return new Row("servo bus: one leader tick, 6 servos", $"{median:0} µs", $"{WireMicroseconds:0} µs on the wire", $"{median / WireMicroseconds:0.00}", "≤ 1.25");
    }

    private static double MedianMicroseconds(LeaderArm arm, TimeSpan round)
    {
        var pose = new double[6];
        var ticks = new List<double>((int)(round.TotalSeconds * 100));
        using var timer = TickTimer.Every(TimeSpan.FromMilliseconds(10));
        while (ticks.Count < ticks.Capacity)
        {
            timer.Next(CancellationToken.None);
            var begin = Stopwatch.GetTimestamp();
            arm.ReadPose(pose, CancellationToken.None);
            ticks.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }

        return Rounds.Median(ticks);
    }
}
