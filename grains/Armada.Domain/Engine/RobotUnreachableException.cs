namespace Armada.Domain.Engine;

/// <summary>A robot could not be asked for now; the message says which and what to do. Where a reply is given, its refusal says the same.</summary>
public sealed class RobotUnreachableException : Exception
{
    /// <summary>With the words for a person.</summary>
    public RobotUnreachableException(string message) : base(message)
    {
    }

    /// <summary>With the words for a person and the cause.</summary>
    public RobotUnreachableException(string message, Exception cause) : base(message, cause)
    {
    }
}
