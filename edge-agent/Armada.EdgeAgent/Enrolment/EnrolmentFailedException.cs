namespace Armada.EdgeAgent.Enrolment;

/// <summary>The silo was not reached, refused, or gave what cannot be used; one line that says why. What is on disk lets the same call be repeated.</summary>
internal sealed class EnrolmentFailedException(string message, Exception? cause = null) : Exception(message, cause);
