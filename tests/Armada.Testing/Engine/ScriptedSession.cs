using System.Collections.Concurrent;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Testing.Engine;

/// <summary>A party that writes down what it is told, and throws where it is told to.</summary>
public sealed class ScriptedSession(string name) : IRobotSession
{
    private readonly ConcurrentQueue<RobotEvent> notes = new();
    private readonly ConcurrentQueue<Heard> commands = new();
    private volatile string? gone;

    public string Name => name;

    public IReadOnlyCollection<RobotEvent> Notes => notes;

    public IReadOnlyCollection<Heard> Commands => commands;

    /// <summary>Why it was disconnected, or null.</summary>
    public string? Gone => gone;

    public bool ThrowsOnCommand { get; set; }

    public bool ThrowsOnEvent { get; set; }

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        commands.Enqueue(new Heard(name, stamp, positions.ToArray()));
        if (ThrowsOnCommand)
            throw new InvalidOperationException("on purpose, at a command");
    }

    public void OnEvent(RobotEvent note)
    {
        notes.Enqueue(note);
        if (ThrowsOnEvent)
            throw new InvalidOperationException("on purpose, at a note");
    }

    public void OnGone(string reason) => gone = reason;

    public int Count(RobotEventKind of) => notes.Count(note => note.Kind == of);

    public bool WasTold(RobotEventKind of, string subject, string? by = null) => notes.Contains(new RobotEvent(of, subject, by));
}
