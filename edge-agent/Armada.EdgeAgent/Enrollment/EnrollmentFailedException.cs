namespace Armada.EdgeAgent.Enrollment;

/// <summary>The silo was not reached, refused, or gave what cannot be used; one line that says why. What is on disk lets the same call be repeated.</summary>
internal sealed class EnrollmentFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether the silo said no: nothing was given for the key.</summary>
    public bool IsRefusal { get; init; }
}
