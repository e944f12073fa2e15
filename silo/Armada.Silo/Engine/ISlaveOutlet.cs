using Armada.Domain.Routing;

namespace Armada.Silo.Engine;

/// <summary>Where one slave's commands go. Used inside the cell's turn only; returns at once and never throws.</summary>
internal interface ISlaveOutlet
{
    /// <summary>The slave's next command.</summary>
    /// <param name="stamp">Epoch, sequence of this slave's commands, the master's capture time, time to live.</param>
    /// <param name="positions">One position per joint, offsets added; NaN where nothing is commanded.</param>
    void Send(in SampleStamp stamp, ReadOnlySpan<double> positions);
}
