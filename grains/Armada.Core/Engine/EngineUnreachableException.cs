namespace Armada.Core.Engine;

/// <summary>The engine or a robot of it cannot be reached now; the message says which and what to do. Where a reply is given, its refusal says the same.</summary>
public sealed class EngineUnreachableException : Exception
{
    /// <summary>With the words for a person.</summary>
    public EngineUnreachableException(string message) : base(message)
    {
    }

    /// <summary>With the words for a person and the cause.</summary>
    public EngineUnreachableException(string message, Exception cause) : base(message, cause)
    {
    }
}
