namespace Armada.Testing.Playouts;

/// <summary>
/// The way of samples over two hops of TCP, simulated: base delay and uniform jitter in order, losses that hold up what comes behind until the third
/// acknowledgement of it has made the sender send again, and stalls. A first approximation of a kernel's TCP, for a law that has to stand worse.
/// </summary>
/// <param name="RoundTripMs">Of each hop.</param>
/// <param name="JitterMs">Most that a round trip takes more or less; half of it each way.</param>
/// <param name="LossPercent">Packets lost, each by itself.</param>
/// <param name="StallMs">For how long nothing passes; what comes meanwhile passes at its end.</param>
/// <param name="StallEverySeconds">How often on each hop; on the second half of it later.</param>
public sealed record SimulatedWay(
    double RoundTripMs, double JitterMs = 0, double LossPercent = 0, double StallMs = 0, double StallEverySeconds = 10)
{
    /// <summary>What leader, silo and bus take, seconds.</summary>
    private const double Processing = 0.001;
    private const double FrameSeconds = 0.01;

    /// <param name="motion">Where the source is at a time in seconds.</param>
    /// <param name="rateHz">Samples a second.</param>
    /// <param name="connections">On each hop; the first copy counts.</param>
    public IReadOnlyList<Arrival> Carry(Func<double, double[]> motion, double seconds, double rateHz = 100, int seed = 1, int connections = 1)
    {
        var sent = Enumerable.Range(0, (int)(seconds * rateHz)).Select(index => index / rateHz).ToArray();
        var copies = Enumerable.Range(0, connections).Select(connection =>
        {
            var random = new Random((seed * 10) + connection);
            return Hop(Hop(sent.Select(time => time + Processing), random, 0), random, StallEverySeconds / 2).ToArray();
        }).ToArray();
        var first = sent.Select((_, index) => copies.Min(copy => copy[index])).ToArray();
        // A sample that a newer one of the other connection overtook is out of order.
        var newest = double.MaxValue;
        var arrivals = new List<Arrival>();
        for (var index = sent.Length - 1; index >= 0; index--)
        {
            if (first[index] > newest)
                continue;
            newest = first[index];
            arrivals.Add(new Arrival(first[index], sent[index], false, motion(sent[index])));
        }

        arrivals.Reverse();
        return arrivals;
    }

    private IEnumerable<double> Hop(IEnumerable<double> sent, Random random, double phase)
    {
        var last = 0.0;
        foreach (var time in sent)
        {
            var at = time + Way();
            while (random.NextDouble() < LossPercent / 100)
                at += (RoundTripMs / 1000) + (3 * FrameSeconds);
            if (StallMs > 0 && (at + StallEverySeconds - phase) % StallEverySeconds is var since && since < StallMs / 1000)
                at += (StallMs / 1000) - since;
            // Frames of one burst are apart by what it takes to read them.
            yield return last = Math.Max(at, last + 0.00002);
        }

        double Way() => (RoundTripMs + (JitterMs * ((2 * random.NextDouble()) - 1))) / 2000;
    }
}
