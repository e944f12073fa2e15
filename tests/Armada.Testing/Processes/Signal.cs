namespace Armada.Testing.Processes;

/// <summary>The signals tests send; POSIX numbers.</summary>
public enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}
