using System.Globalization;
using Armada.Core.Frames;

namespace Armada.Bench.Network;

/// <summary>What one run recorded. Times are seconds since the leader's motion began, poses degrees of the five joints that move.</summary>
internal sealed record NetworkTrace(string Profile, int Seed, bool IsShort, int Paths)
{
    /// <summary>The follower goes on being told to hold: how often while it was counted.</summary>
    public int Holds { get; set; }

    /// <summary>Each sync write on the follower's bus.</summary>
    public List<TimedPose> Goals { get; } = [];

    /// <summary>Each command as it could be read by the follower's agent.</summary>
    public List<ArrivedPose> Arrivals { get; } = [];

    /// <summary>Packets with the follower's commands, or with the leader's states, that were lost.</summary>
    public List<double> Losses { get; } = [];

    public LeaderPath Leader => new(IsShort);

    public void Save(string folder)
    {
        using var file = new StreamWriter(Path.Combine(folder, NameOf(Profile, Seed, Paths)));
        file.WriteLine(Line("run", Profile, Seed, IsShort, Paths, Holds));
        foreach (var (at, pose) in Goals)
            file.WriteLine(Line(["goal", at, .. pose]));
        foreach (var (at, captured, sequence, epoch, flags, pose) in Arrivals)
            file.WriteLine(Line(["arrival", at, captured, sequence, epoch, (int)flags, .. pose]));
        foreach (var at in Losses)
            file.WriteLine(Line("loss", at));
    }

    public static NetworkTrace Load(string path)
    {
        NetworkTrace? trace = null;
        foreach (var cells in File.ReadLines(path).Select(line => line.Split(',')))
        {
            if (cells[0] == "run")
                trace = new NetworkTrace(cells[1], (int)Number(cells[2]), bool.Parse(cells[3]), (int)Number(cells[4])) { Holds = (int)Number(cells[5]) };
            else if (cells[0] == "goal")
                trace!.Goals.Add(new TimedPose(Number(cells[1]), [.. cells[2..].Select(Number)]));
            else if (cells[0] == "arrival")
                trace!.Arrivals.Add(new ArrivedPose(Number(cells[1]), Number(cells[2]), (uint)Number(cells[3]), (uint)Number(cells[4]), (FrameFlags)Number(cells[5]), [.. cells[6..].Select(Number)]));
            else
                trace!.Losses.Add(Number(cells[1]));
        }

        return trace!;
    }

    public static string NameOf(string profile, int seed, int paths) => Line($"{profile}-{seed}-{paths}.csv");

    private static string Line(params object[] cells) => string.Join(',', cells.Select(cell => Convert.ToString(cell, CultureInfo.InvariantCulture)));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

internal sealed record TimedPose(double At, double[] Pose);

/// <param name="At">When it arrived.</param>
/// <param name="Captured">When its leader was read.</param>
internal sealed record ArrivedPose(double At, double Captured, uint Sequence, uint Epoch, FrameFlags Flags, double[] Pose);
