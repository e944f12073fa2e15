namespace Armada.Up.Measure;

/// <summary>How far a follower is from where its leader was one lag earlier.</summary>
/// <param name="Lag">The lag that fits best, from the leader's capture to the follower's own joint being there.</param>
/// <param name="Degrees">Per follower pose, the worst body joint's error.</param>
internal sealed record TrackingError(TimeSpan Lag, Percentiles Degrees)
{
    private const long LagStep = 2_000;
    private const long MostLag = 400_000;

    /// <summary>Takes the lag out and measures what is left.</summary>
    /// <param name="leader">The leader's poses.</param>
    /// <param name="follower">The follower's poses.</param>
    /// <param name="bodyJoints">Joints in degrees; those after them (the gripper, in percent) are left out.</param>
    public static TrackingError Of(Track leader, Track follower, int bodyJoints)
    {
        var best = Errors(leader, follower, bodyJoints, 0);
        long bestLag = 0;
        for (var lag = LagStep; lag <= MostLag; lag += LagStep)
        {
            var errors = Errors(leader, follower, bodyJoints, lag);
            if (errors.Count == 0 || Square(errors) >= Square(best))
                continue;
            best = errors;
            bestLag = lag;
        }

        return new TrackingError(TimeSpan.FromMicroseconds(bestLag), new Percentiles(best));
    }

    private static List<double> Errors(Track leader, Track follower, int bodyJoints, long lag)
    {
        var errors = new List<double>(follower.Count);
        Span<double> pose = stackalloc double[leader.Joints];
        for (var i = 0; i < follower.Count; i++)
        {
            if (!leader.TryInterpolate(follower.TimeAt(i) - lag, pose))
                continue;
            var worst = 0.0;
            var real = follower.PoseAt(i);
            for (var joint = 0; joint < bodyJoints; joint++)
                worst = Math.Max(worst, Math.Abs(real[joint] - pose[joint]));
            errors.Add(worst);
        }

        return errors;
    }

    private static double Square(List<double> errors) =>
        errors.Count == 0 ? double.PositiveInfinity : errors.Sum(error => error * error) / errors.Count;
}
