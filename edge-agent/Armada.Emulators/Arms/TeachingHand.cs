namespace Armada.Emulators.Arms;

/// <summary>
/// Teaches a task: goes from pose to pose in minimum-jerk moves of at most 80 degrees a second, pauses, and closes and opens
/// the gripper at every second one.
/// </summary>
public sealed class TeachingHand : IHand
{
    private const double TopSpeed = 80;
    private const int Gripper = 5;

    // How far from the middle a pose may be, degrees; the gripper's is its opening in percent.
    private static readonly double[] _reach = [60, 45, 45, 50, 70, 60];

    private readonly Random _random;
    private readonly double[] _from = [0, -60, 55, 25, 0, 60];
    private readonly double[] _to = [0, -60, 55, 25, 0, 60];
    private double _begin;
    private double _length;
    private double _pause = 0.5;
    private int _moves;

    /// <param name="seed">Another seed, another task.</param>
    public TeachingHand(int seed = 1) => _random = new Random(seed);

    /// <inheritdoc/>
    public void Pose(TimeSpan time, Span<double> pose)
    {
        while (time.TotalSeconds >= _begin + _length + _pause)
            Next();
        var part = _length > 0 ? MinimumJerk.At((time.TotalSeconds - _begin) / _length) : 1;
        for (var i = 0; i < _to.Length; i++)
            pose[i] = _from[i] + (part * (_to[i] - _from[i]));
    }

    private void Next()
    {
        _begin += _length + _pause;
        _to.CopyTo(_from, 0);
        _moves++;
        if (_moves % 2 == 0)
        {
            _to[Gripper] = _from[Gripper] > 20 ? 2 : _reach[Gripper];
        }
        else
        {
            for (var i = 0; i < Gripper; i++)
                _to[i] = _reach[i] * ((2 * _random.NextDouble()) - 1);
        }

        var way = 0.0;
        for (var i = 0; i < _to.Length; i++)
            way = Math.Max(way, Math.Abs(_to[i] - _from[i]));
        _length = way * MinimumJerk.PeakSpeed / TopSpeed;
        _pause = 0.3 + (0.7 * _random.NextDouble());
    }
}
