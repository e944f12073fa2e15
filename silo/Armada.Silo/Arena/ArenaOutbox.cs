using System.Buffers;
using Armada.Core.Arena;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>What a client is sent newest only: the robot's command, and what each slave says of its joints.</summary>
internal sealed class ArenaOutbox(string robot, SiloClock clock) : ISampleSource, IDisposable
{
    private const int MostSlaves = 64; // Those whose words wait at once; more wait for their next word.

    private readonly Lock sync = new();
    private readonly double[] positions = new double[ArenaReader.MaxJoints];
    private readonly Dictionary<string, ArenaReading[]> statuses = new(StringComparer.Ordinal);
    private ArenaWriter writer = new(robot, []);
    private bool isCommandDue;

    /// <summary>Rung whenever something waits; set once, before anything does.</summary>
    public Action Ring { get; set; } = () => { };

    /// <summary>Calls the joints so from now on.</summary>
    public void Name(IEnumerable<string> joints)
    {
        lock (sync)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, joints);
            isCommandDue = false;
        }
    }

    /// <summary>Takes the newest command; one for other joints than the client was told of is dropped.</summary>
    public void PutCommand(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != writer.Joints)
                return;
            command.CopyTo(positions);
            isCommandDue = true;
        }

        Ring();
    }

    /// <summary>Takes the newest word of a slave.</summary>
    public void PutStatus(string slave, ArenaReading[] readings)
    {
        lock (sync)
        {
            if (statuses.Count < MostSlaves || statuses.ContainsKey(slave))
                statuses[slave] = readings;
        }

        Ring();
    }

    /// <summary>Forgets what waits: the client does no longer execute.</summary>
    public void DropCommand()
    {
        lock (sync)
            isCommandDue = false;
    }

    /// <inheritdoc/>
    public bool TryWrite(IBufferWriter<byte> message)
    {
        var at = clock.Now().Unix;
        lock (sync)
        {
            if (statuses.Count + (isCommandDue ? 1 : 0) > 1)
                Ring(); // One message a time: the rest is asked for again.
            if (isCommandDue)
            {
                isCommandDue = false;
                return writer.TryWriteCommand(message, at, positions.AsSpan(0, writer.Joints)) || TryWriteStatus(message, at);
            }

            return TryWriteStatus(message, at);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }

    private bool TryWriteStatus(IBufferWriter<byte> message, long at)
    {
        foreach (var (slave, readings) in statuses)
        {
            writer.WriteSlaveStatus(message, at, slave, readings);
            statuses.Remove(slave);
            return true;
        }

        return false;
    }
}
